// What the parts of the page tell each other.
import type { Form } from "./form/form.js";
import type { Images } from "./images/images.js";
import type { Packet } from "./lib/packet.js";
import type { FieldsHeader, LabHeaders, MetricsHeader, Query, RunHeader } from "./python.js";
import type { Facts } from "./stage/run.js";
import type { Stage } from "./stage/stage.js";

export interface Notice {
  kind: "info" | "warning" | "error";
  message: string;
  /** ms after which what only informs goes by itself */
  stay?: number;
  action?: { label: string; run: () => void };
}

/** A point of the picture and its time. */
export interface PinPoint {
  panel: string;
  clock: number;
  /** Along the panel's axes; a: null where the clock stands across. */
  a: number | null;
  b: number;
  /** Which components of the state a and b are. */
  components: number[];
}

/** What labs may use of the page. */
export interface Host {
  readonly stage: Stage | null;
  readonly images: Images | null;
  readonly form: Form;
  /** The experiment that is shown, as flat names and texts. */
  readonly query: Query;
  /** What the link says of the view, without the "view." before each name. */
  readonly view: Record<string, string>;
  setView(name: string, value: string): void;
  notice(notice: Notice): void;
  save(what: Blob | string, name: string): void;
  seek(clock: number): void;
  /** A function of the Gradio server, for hosts that let none of our routes through. */
  call(name: string, arg: unknown): Promise<any>;
  failed(name: string, error: unknown): void;
  /** A packet of a lab's layer for the experiment that is shown. One request a layer is in flight and the newest waits; what it displaces rejects with an AbortError. */
  fetch<L extends keyof LabHeaders>(layer: L, params?: Record<string, string | number | boolean>): Promise<Packet<LabHeaders[L]>>;
}

/** What a lab's `mount` gives: what it is told while it is open. */
export interface LabPart {
  setRun?(run: Packet<RunHeader>): void;
  setFields?(fields: Packet<FieldsHeader>): void;
  setMetrics?(metrics: Packet<MetricsHeader>): void;
  cursor?(info: Facts): void;
  pin?(pin: PinPoint | null): void;
  show?(on: boolean): void;
}

export interface Lab {
  mount(root: HTMLElement, host: Host): LabPart;
}
