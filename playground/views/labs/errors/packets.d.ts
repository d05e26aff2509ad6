// What the lab is told (playground/views/errors.py).
import type { LabHeaders } from "../../python.js";

/** The budget, and of which run; its arrays are of single steps. */
export type Budget = LabHeaders["errors"];
export type Part = Budget["parts"][number];

type Told = LabHeaders["errors-map"];
/** One step's error over x and time, or over a plane at one time. */
export interface ErrorMap extends Told {
  over: "x,t" | "plane";
  /** of x; or of both axes of the plane */
  ranges: number[][];
  labels: string[];
  /** of the plane: where the step starts and ends */
  t: number[];
}
