// What the parts of the page tell each other.
import type { Form } from "./form/form.js";
import type { Images } from "./images/images.js";
import type { Packet } from "./lib/packet.js";
import type { Config, FieldsHeader, LabHeaders, MetricsHeader, Query, RunHeader } from "./python.js";
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
  /** A file of this picture, with its link inside. */
  save(file: Blob, name: string): Promise<void>;
  seek(clock: number): void;
  /** A function of the Gradio server, for hosts that let none of our routes through. */
  call(name: string, arg: unknown): Promise<any>;
  failed(name: string, error: unknown): void;
  /** A packet of a lab's layer for the experiment that is shown, or for another stage's. One request a layer and stage is in flight and the newest waits; what it displaces rejects
   * with an AbortError. */
  fetch<L extends keyof LabHeaders>(layer: L, params?: Record<string, string | number | boolean>, of?: Pick<Beside, "n" | "query">): Promise<Packet<LabHeaders[L]>>;
}

/** One of several stages, as labs are told of it. */
export interface Beside {
  /** From 1. */
  n: number;
  selected: boolean;
  /** What differs, as it stands above the stage. */
  words: string;
  /** Its colour's role. */
  role: string;
  query: Query;
  run: Packet<RunHeader>;
  /** Of this run; null: they are still to come. */
  metrics: Packet<MetricsHeader> | null;
  /** Of what it shows now. */
  clock(): number;
  /** Its step that is under way, as its caption says it. */
  step(): number;
}

/** What a lab's `mount` gives: what it is told while it is open. */
export interface LabPart {
  setRun?(run: Packet<RunHeader>): void;
  setFields?(fields: Packet<FieldsHeader>): void;
  setMetrics?(metrics: Packet<MetricsHeader>): void;
  /** All stages in their order; none: one stands alone. */
  setBeside?(stages: Beside[]): void;
  cursor?(info: Facts): void;
  pin?(pin: PinPoint | null): void;
  show?(on: boolean): void;
}

export interface Lab {
  mount(root: HTMLElement, host: Host): LabPart;
}

/** What js_on_load of one of Gradio's components is given. */
export interface Component {
  element: HTMLElement;
  /** `value`: the component's, for Python and the API; writing it fires its change event. `payload`: what Python has told it. */
  props: { value: any; payload: any };
  watch(name: string, changed: () => void): void;
  /** Functions of Python that it may call. */
  server: Record<string, (arg: unknown) => Promise<any>>;
}

export interface Theme {
  readonly dark: boolean;
  on(changed: (dark: boolean) => void): void;
  toggle(): void;
}

/** What Gradio's components call. */
export interface Door {
  mount(name: string, element: HTMLElement): void;
  picker(component: Component): void;
  rail(component: Component): void;
  hub(element: HTMLElement): void;
  calls(element: HTMLElement): void;
  bridge(component: Component): void;
  form: Form;
}

/** What boot.js has begun. */
export interface Start {
  config: Config;
  theme: Theme;
  /** The part of a link that is the experiment. */
  experimentPart(search: string): Query;
  /** A query whose data is a name of former links, which were law and model in one, as both. The law's first model is not said. */
  renamed(query: Query): Query;
  /** Who predicts for a law; none where the page does not know it. */
  models(data: string): string[];
  packetUrl(layer: string, want: string, query: Query, extra?: Record<string, string | number>): URL;
  /** The header by which the server tells tabs apart. */
  tab: Record<string, string>;
  /** The link's experiment, and the request for its picture; null of images, which form step by step. */
  first: { query: Query; want: string; response: Promise<Response | Error> | null };
}

declare global {
  var PG_START: Start;
  interface Window {
    /** For Gradio's components. */
    PG: Door;
    /** For tests and benchmarks. */
    __pg: object;
    __pgStage: Stage;
  }
}
