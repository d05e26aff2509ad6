// What the panels of this lab show.

/** null: there is none, the line has a gap */
export type Values = (number | null)[];

/** How a curve goes between its points: straight, or held: "hv" towards the data, "vh" towards noise. */
export type Shape = "" | "hv" | "vh";

/** A curve, or single points, over x = 1 − clock: noise on the left. */
export interface Series {
  /** of its word in the legend, its entry of the glossary, and the link that hides it */
  key: string;
  /** in the legend; "": it has no word there */
  label: string;
  /** whose it is, of several stages: stands behind the label as far as there is room */
  of?: string;
  /** in place of its key, the entry of the glossary that its word has */
  term?: string;
  /** its colour's name */
  role: string;
  x: number[];
  y: Values;
  width: number;
  dash?: "dash" | "dot";
  shape?: Shape;
  mode?: "markers";
  /** of markers, px */
  size?: number;
  /** errors above and below each of the points */
  error?: [number[], number[]];
  /** the lower edge of the band that the next one fills */
  base?: boolean;
  fill?: boolean;
  /** whether a dot stands where the cursor is */
  dot?: boolean;
  /** the x of its dot and its word, where it is not the cursor's: several stages have clocks of their own */
  at?(): number;
  /** what the legend says at x */
  value?(x: number): string;
  /** letters that are kept free for it */
  room?: number;
  tip?: string;
}

/** All that a panel shows. Words are HTML but for those of pointers (`tip`) and pictures (`axis`). */
export interface Chart {
  title: string;
  tip: string;
  /** what the numbers are, for a picture of this panel alone */
  axis: string;
  unit: string;
  series: Series[];
  range: Range;
  log: boolean;
  /** of the vertical axis, in Plotly's words */
  yTicks: object;
}

export type Range = [number, number];
/** The ranges that are drawn; of a logarithmic axis the exponents. */
export interface View {
  x: Range;
  y: Range;
}

/** Times of a process by rising x = 1 − clock. */
export interface Times {
  x: number[];
  t: number[];
  logSnr: Values;
}

/** Colours by role, as the page has them now. */
export type Colours = Record<string, string>;
