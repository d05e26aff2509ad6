// What the lab is told, part by part (playground/views/phase.py).

/** The process of the experiment. */
export interface Damping {
  key: string;
  friction: number;
  mass: number;
}
/** A component of a state, and the range over which it is drawn. */
export interface Component {
  name: string;
  label: string;
  lo: number;
  hi: number;
}
/** Paths of one process over its exact marginals. */
export interface Bundle {
  id: string;
  title: string;
  components: Component[];
  friction: number | null;
}
/** The parts "paths" and "damping". */
export interface Bundles extends Damping {
  items: Bundle[];
}
/** Σ (Δx)² of a process's paths, and how far its score is from a Gaussian's. */
export interface Rough {
  id: "vp" | "cld";
  title: string;
  expected: number;
  measured: number;
  measured_se: number;
  /** with ever finer steps */
  limit: number;
  score_error: number;
}
/** The part "numbers". */
export interface Numbers extends Damping {
  items: Rough[];
  steps: number;
  paths: number;
  /** how the score's excess was integrated */
  score_by: string;
}
/** The part "solvers": two samplers with so many steps. */
export interface Solvers extends Damping {
  steps: number;
  points: number;
  error: { sscs: number; em: number };
  floor: number;
  floor_sd: number;
  label: string;
}
