// The component through which Python puts a link's values into the form.

const PATIENCE = 15000; // ms, after which the page is loaded anew: an answer was lost. A slow server answers later than one thinks

export class Bridge {
  /** @type {import("../page.js").Component["props"] | null} */
  props = null;
  token = 0;
  timer = 0;

  /** Has it been asked for a link? */
  get asked() { return this.timer !== 0; }

  /** Puts a link into the form; `Form.restored` is called when it is there.
   * @param {import("../python.js").Query} query */
  restore(query) {
    if (!this.props) return location.reload();
    this.props.value = { query, token: ++this.token };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => location.reload(), PATIENCE);
  }

  answered() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}
