// What the lab is told at a pin (playground/views/inspect.py).

/** A law of x_s that is compared with q(x_s | x_t), in the state's own units. */
export interface Compared {
  mean: number[];
  cov: number[][];
  /** KL(q‖·) in nats: null where infinite or not known in closed form */
  kl: number | null;
  /** standard error of the KL */
  error: number;
  w2: number | null;
}
/** What the sampler draws from in one step from t to s: q itself, a Gaussian, another law with these moments, a point. */
export interface OneStep extends Compared {
  kind: "exact" | "gaussian" | "other" | "point";
  title: string;
  note: string;
}
/** A step that cannot be taken alone. */
export interface NoStep {
  kind: "none";
  title: string;
  note: string;
}
/** A step of another size from the same pin. */
export interface StepSize {
  /** share of the way from t to 0 */
  gap: number;
  s: number;
  kl: number;
  modes: number;
}
/** A row of the table of parameterisations. */
export interface Row {
  name: string;
  formula: string;
  tip: string;
  values: number[];
}
/** A rectangle of a plane: centre and half of its sides. */
export interface Frame {
  centre: number[];
  half: number[];
}
/** What every pin has. */
interface Known {
  t: number;
  s: number;
  /** the pinned state */
  z: number[];
  notes: string[];
  modes: number;
  best: Compared;
  step: OneStep | NoStep;
  point: Row[];
  /** the distance's name */
  w2: string;
  components: { of: number; index: number[]; label: number[] };
  x0: { mean: number[] };
}
/** A pin over one component. */
export interface OnLine extends Known {
  plane?: undefined;
  sizes: StepSize[];
  strips: { clock: number; t: number; pin: boolean }[];
  /** the window of x, and the factors from a state to what is drawn at t and at s */
  view: { lo: number; hi: number; t: number; s: number };
}
/** A pin over two. */
export interface OnPlane extends Known {
  plane: Frame & { axes: number[]; labels: string[]; scale: number };
  /** the window of x_0 */
  wide: Frame;
}
export type Told = OnLine | OnPlane;

/** The worst step of a uniform grid of so many steps: its mean KL to the best Gaussian, nats. */
export interface Worst {
  steps: number;
  kl: number | null;
  error: number;
  /** whether all of the steps were looked at */
  every: boolean;
}
