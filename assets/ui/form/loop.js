// The live loop: at most one request is in flight and only the newest change waits; the last good picture is never taken away. First runs, then the exact
// fields of the run that is shown, and when nothing is asked for any more its distances.
import { packetsOf } from "../lib/streams.js";
import { text } from "./query.js";
import { aborted } from "./transport.js";

/** @typedef {import("../python.js").Query} Query */
/** @typedef {import("../python.js").RunHeader} RunHeader */
/** @typedef {import("./query.js").Values} Values */
/** @typedef {import("./transport.js").Complaint} Complaint */
/** @template {object} H @typedef {import("../lib/packet.js").Packet<H>} Packet */

/**
 * @typedef {object} Job A picture that is asked for.
 * @property {Query} q
 * @property {string} text which experiment and which arrays of it
 * @property {Promise<Response | Error> | null} begun its request, where it has been made already
 * @property {number} id the number of the change
 * @property {number} from ms
 * @property {Values | null} values what the form said, if the query is the form's
 */
/** @typedef {{q: Query, key: string, want: string}} FieldsJob Fields that are asked for: key tells which are the same. */
/** @typedef {{run: Packet<RunHeader>, q: Query, values: Values | null}} Shown The run on the stage, its query, and what the form said when it was last asked. */

/**
 * @typedef {object} Page What the loop tells, and asks.
 * @property {() => {run: string, fields: string}} wants names of the arrays that the shown layers need
 * @property {(q: Query) => Values | null} valuesOf what the form says, if the query is the form's
 * @property {(data: string | undefined) => boolean} pictures
 * @property {(on: boolean) => void} busy
 * @property {() => void} forming a run of images begins
 * @property {(step: Packet<any>) => void} step one of its steps
 * @property {() => void} halted it was stopped before anything had formed: what was there comes back
 * @property {(shown: Shown, job: Job, whole: boolean) => void} drawn
 * @property {(fields: Packet<any>) => void} fields
 * @property {(metrics: Packet<any>) => void} metrics
 * @property {() => boolean} measured does anything show distances?
 * @property {(error: unknown, q: Query) => void} failed
 * @property {(complaint: Complaint) => Error} refusal
 */

const QUIET = 250; // ms without a change, after which distances are asked for

export class Loop {
  /** @type {Shown | null} */
  shown = null;
  /** @type {Job | null} */
  next = null;
  /** Is a request for a run or fields in flight? */
  working = false;
  /** Changes that asked for a picture. */
  seq = 0;
  /** Steps of the run of images that is forming. */
  formed = 0;
  /** The text of the job that is shown or in flight. @type {string | null} */
  current = null; // the default experiment's text is ""
  /** @type {AbortController | null} */
  aborter = null;
  /** @type {FieldsJob | null} */
  nextFields = null;
  fieldsShown = { key: "", want: "" };
  fieldsAt = 0; // ms: when fields last came, and how long they took
  fieldsCost = 0;
  metricsTimer = 0;
  /** The text of the query whose distances are shown. @type {string | null} */
  metricsFor = null;
  /** How often what was asked for has been dropped for another experiment (`take`). */
  era = 0;

  /** @param {import("./transport.js").Transport} transport @param {Page} page */
  constructor(transport, page) {
    this.transport = transport;
    this.page = page;
  }

  get pending() { return Boolean(this.next) || this.working || this.metricsTimer !== 0; }

  /** Ask for the picture of a query: the newest wins.
   * @param {Query} q @param {Promise<Response | Error> | null} [begun] its request */
  ask(q, begun = null) {
    const now = `${text(q)}|${this.page.wants().run}`;
    if (this.current === now && !this.next) return;
    if (this.next?.text === now) return;
    this.next = { q, text: now, begun, id: ++this.seq, from: performance.now(), values: this.page.valuesOf(q) };
    clearTimeout(this.metricsTimer);
    this.metricsTimer = 0;
    this.aborter?.abort(); // fields and metrics of what is no longer wanted; a run in flight is kept and shown
    this._pump();
  }

  /** Ask once more for what could not be had.
   * @param {Query} q */
  again(q) {
    this.current = null;
    this.ask(q);
  }

  /** Another experiment is shown here now, whose picture is there; what was asked for is dropped.
   * @param {Shown} shown */
  take(shown) {
    this.drop();
    this.shown = shown;
    this.current = `${text(shown.q)}|${this.page.wants().run}`;
    this.refetch();
    if (!this.working) this.metricsLater();
  }

  /** What was asked for is not wanted any more, and nothing is shown. */
  drop() {
    this.era++;
    this.aborter?.abort();
    clearTimeout(this.metricsTimer);
    this.metricsTimer = 0;
    this.next = this.nextFields = this.shown = this.current = this.metricsFor = null;
    this.fieldsShown = { key: "", want: "" };
  }

  /** The stop button: what has formed stays. */
  stop() { this.aborter?.abort(); }

  /** Other layers are shown, which may need more of the same experiment. */
  refetch() {
    if (!this.shown) return;
    const { q, run } = this.shown, w = this.page.wants();
    if (w.run && this.current !== `${text(q)}|${w.run}`) return this.ask(q);
    if (w.fields && w.fields !== this.fieldsShown.want) {
      this.nextFields = { q, key: run.header.fields_key || text(q), want: w.fields };
      this._pump();
    }
  }

  async _pump() {
    if (this.working) return;
    this.working = true;
    try {
      while (this.next || this.nextFields) {
        // while a hand moves something runs follow each other without a rest: now and then it is the fields' turn
        const turn = this.next && this.nextFields && performance.now() - this.fieldsAt > 60 + 7 * this.fieldsCost;
        if (this.next && !turn) await this._run(this.next);
        else if (this.nextFields) await this._fields(this.nextFields, Boolean(turn));
      }
    } finally {
      this.working = false;
    }
    this.metricsLater();
  }

  /** @param {Job} job */
  async _run(job) {
    const { page, era } = this, before = this.current, images = page.pictures(job.q.data);
    this.next = null;
    this.current = job.text;
    page.busy(true);
    try {
      const whole = !images || (await this._images(job));
      if ((this.next && images) || (!whole && !this.formed)) { // something newer is wanted, or nothing has formed
        this.current = before;
        if (!this.next) page.halted();
        return;
      }
      const run = await this.transport.packet(whole ? "run" : "part", page.wants().run, job.q, undefined, job.begun);
      if (era !== this.era) return;
      if (!whole) this.current = `${job.text}|part`; // the same may be asked for: its rest
      this.shown = { run, q: job.q, values: job.values ?? this.shown?.values ?? null }; // before a lab is told: what it fetches is of this run
      page.drawn(this.shown, job, whole);
      if (run.header.image) { // the stage has let go of the toy's
        this.fieldsShown = { key: "", want: "" };
        this.metricsFor = null;
      }
      const key = run.header.fields_key || text(job.q), want = run.header.image ? "" : page.wants().fields; // a trained model has no exact fields
      this.nextFields = want && (key !== this.fieldsShown.key || want !== this.fieldsShown.want) ? { q: job.q, key, want } : null;
    } catch (error) {
      if (era !== this.era) return;
      this.current = before;
      page.failed(error, job.q);
    } finally {
      if (!this.next) page.busy(false);
    }
  }

  /** An image run forms on the stage step by step; it ends early when something newer is asked for. True: it is whole.
   * @param {Job} job */
  async _images(job) {
    const own = (this.aborter = new AbortController());
    this.page.forming();
    this.formed = 0;
    try {
      for await (const packet of packetsOf(await this.transport.images(job.q, own.signal))) {
        if (this.next) break; // a newer one waits
        this.formed = packet.header.step;
        this.page.step(packet);
      }
    } catch (error) {
      const { refused } = /** @type {{refused?: Complaint}} */ (error);
      if (refused) throw this.page.refusal(refused);
      if (!aborted(error)) throw error;
    } finally {
      this._done(own);
    }
    return !own.signal.aborted;
  }

  /** @param {FieldsJob} job @param {boolean} turn while something newer waits, which does not abort them */
  async _fields(job, turn) {
    const began = performance.now(), { era } = this, own = turn ? null : new AbortController();
    this.nextFields = null;
    this.aborter = own;
    try {
      const packet = await this.transport.fields(job, own?.signal);
      this.fieldsAt = performance.now();
      this.fieldsCost = this.fieldsAt - began;
      if ((this.next && !turn) || era !== this.era) return;
      this.fieldsShown = { key: job.key, want: job.want };
      this.page.fields(packet);
    } catch (error) {
      if (!aborted(error)) this.page.failed(error, job.q);
    } finally {
      this._done(own);
    }
  }

  /** The distances of what is shown, once nothing has been asked for a while. */
  metricsLater() {
    clearTimeout(this.metricsTimer);
    this.metricsTimer = 0;
    if (this.working || !this.shown || this.metricsFor === text(this.shown.q) || !this.page.measured() || this.shown.run.header.image) return;
    const { q } = this.shown;
    const timer = (this.metricsTimer = setTimeout(async () => {
      await this._metrics(q);
      if (this.metricsTimer === timer) this.metricsTimer = 0;
    }, QUIET));
  }

  /** @param {Query} q */
  async _metrics(q) {
    const own = (this.aborter = new AbortController());
    try {
      const packet = await this.transport.packet("metrics", "", q, own.signal);
      if (own.signal.aborted || text(q) !== text(/** @type {Shown} */ (this.shown).q)) return;
      this.metricsFor = text(q);
      this.page.metrics(packet);
    } catch (error) {
      if (!aborted(error)) this.metricsFor = text(q); // no second try for the same run
    } finally {
      this._done(own);
    }
  }

  /** A request has come to its end; another one may have begun that can be given up.
   * @param {AbortController | null} own */
  _done(own) {
    if (this.aborter === own) this.aborter = null;
  }
}
