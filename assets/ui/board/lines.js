// What is known of a board: the lines of live/board (playground/views/board.py), put together. Nothing is computed here that Python tells.

/**
 * @typedef {import("../python.js").BoardHead["head"]} Head
 * @typedef {import("../python.js").BoardPlan["plan"]} Plan
 * @typedef {import("../python.js").BoardCell} Cell
 * @typedef {import("../python.js").BoardRow} Row
 * @typedef {import("../python.js").BoardFront} Front
 * @typedef {{head?: Head, plan?: Plan, cells?: Cell[], done?: number, left_s?: number | string, by?: string, rows?: Row[], front?: Front["front"], orders?: Front["orders"],
 *   floors?: Front["floors"], notice?: string, end?: object, error?: import("../form/transport.js").Complaint}} Line
 *
 * @typedef {object} Value  of a place under a measure, over its seeds
 * @property {number} mean
 * @property {number} low  where the interval begins and ends; −∞ and ∞ of one seed
 * @property {number} high
 * @property {number} n  seeds
 * @property {number} floor
 *
 * @typedef {object} Method  a line of the plot, a row of the matrix
 * @property {string} key
 * @property {string} label  all that it is
 * @property {string} name  as few words as tell it apart
 * @property {number} n  which it is
 * @property {(string | null)[]} places  their keys, by column; null: there is none
 */

/** @type {Record<string, number>} */
const NOT_FINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** A number as Python tells it: what is not finite is a text. @param {number | string | undefined} told */
export const numberOf = (told) => (typeof told === "string" ? NOT_FINITE[told] ?? NaN : told ?? NaN);

/** A place's name. @param {readonly number[]} at */
export const keyOf = (at) => at.join(".");

export class Known {
  /** @type {Head | null} */
  head = null;
  /** @type {Plan | null} */
  plan = null;
  /** By place and seed. @type {Map<string, Cell>} */
  cells = new Map();
  /** By place. @type {Map<string, Row>} */
  rows = new Map();
  /** @type {Front | null} */
  front = null;
  ended = false;
  left = NaN; // s
  by = ""; // who computes, in words

  /** @param {Line} line */
  take(line) {
    if (line.head) this.head = line.head;
    if (line.plan) this.plan = line.plan;
    for (const cell of line.cells ?? []) this.cells.set(`${keyOf(cell.at)}|${cell.seed}`, cell);
    if (line.cells) this.left = numberOf(line.left_s);
    if (line.by) this.by = line.by;
    for (const row of line.rows ?? []) this.rows.set(keyOf(row.at), row);
    if (line.front) this.front = /** @type {Front} */ (line);
    if (line.end) this.ended = true;
  }

  get begun() { return this.cells.size > 0; }

  /** The same question without an answer. */
  get unbegun() {
    const bare = new Known();
    bare.head = this.head;
    bare.plan = this.plan;
    return bare;
  }

  /** The axis that goes across: of steps or model calls, else the last. */
  get across() { return this.head ? this.head.along ?? this.head.axes.length - 1 : 0; }

  /** What stands over the columns. @returns {string[]} */
  get columns() { return this.head?.axes[this.across]?.labels ?? [""]; }

  /** @returns {Method[]} */
  get methods() {
    if (!this.head) return [];
    const { axes } = this.head, { across } = this;
    /** @type {number[][]} */
    let ats = [[]];
    axes.forEach((axis, i) => (ats = ats.flatMap((at) => (i === across ? [[...at, -1]] : axis.labels.map((_, k) => [...at, k])))));
    const left = new Set(this.plan?.left_out.map(({ at }) => keyOf(at)));
    return ats.map((at, n) => {
      const places = this.columns.map((_, k) => {
        const key = keyOf(at.map((i) => (i < 0 ? k : i)));
        return left.has(key) ? null : key;
      });
      const joined = (/** @type {"labels" | "words"} */ which) =>
        at.map((i, axis) => (i < 0 ? "" : axes[axis][which][i])).filter((word, axis) => word && (axes[axis].labels.length > 1 || ats.length === 1)).join(", ") || this.head?.title || "this experiment";
      return { key: keyOf(at), label: joined("labels"), name: joined("words"), n, places };
    });
  }

  /** Methods of which something can be. */
  get shownMethods() { return this.methods.filter((method) => method.places.some(Boolean)); }

  /** @param {string | null} place @param {string} measure @returns {Value | null} null: nothing is known of it yet */
  value(place, measure) {
    const told = place === null ? undefined : this.rows.get(place)?.values[measure];
    if (!told) return null;
    const [mean, low, high, n, floor] = told.map(numberOf);
    return { mean, low, high, n, floor };
  }

  /** A place's number on an axis; a cost is known exactly. @param {string} place @param {string} key of a measure or a cost @returns {Value | null} */
  onAxis(place, key) {
    const row = this.rows.get(place), cost = row && { calls: row.calls, ms: row.ms }[key];
    if (cost === undefined) return this.value(place, key);
    const mean = numberOf(cost);
    return { mean, low: mean, high: mean, n: row?.seeds ?? 0, floor: NaN };
  }

  /** The Pareto front in the plane of a measure and a cost, or of two measures. @param {string} measure @param {string} across */
  frontOf(measure, across) {
    const { front } = this.front ?? {};
    return front?.[across]?.[measure] ?? front?.[measure]?.[across] ?? null;
  }

  /** Is a place on the front? @param {string} place @param {string} measure @param {string} across a cost or another measure */
  onFront(place, measure, across) {
    return Boolean(this.frontOf(measure, across)?.on.some((/** @type {number[]} */ at) => keyOf(at) === place));
  }

  /** Who beats a place that is not on the front, in words; "" nobody, or it is not told. @param {string} place @param {string} measure @param {string} across */
  beaten(place, measure, across) {
    const by = this.frontOf(measure, across)?.by.find(([at]) => keyOf(at) === place)?.[1];
    if (!by) return "";
    const key = keyOf(by), method = this.methods.find(({ places }) => places.includes(key));
    return `${method?.name ?? ""}, ${this.columns[by[this.across]] ?? ""} ${this.head?.axes[this.across]?.title ?? ""}`.trim();
  }

  /** Why there is no number at a place. @param {string} place @param {string} measure */
  why(place, measure) {
    return this.rows.get(place)?.why[measure] ?? this.plan?.left_out.find(({ at }) => keyOf(at) === place)?.why ?? "";
  }

  /** The cells of a place. @param {string} place @returns {Cell[]} */
  seedsOf(place) {
    return (this.head?.seeds ?? []).flatMap((seed) => this.cells.get(`${place}|${seed}`) ?? []);
  }

  /** The results file (Python's `Results`). */
  get file() {
    const { head, plan } = this;
    if (!head || !plan) return null;
    const { format, version, sweep } = head, { code, machine } = plan;
    return { format, version, code, machine, sweep, cells: [...this.cells.values()], left_out: plan.left_out };
  }
}
