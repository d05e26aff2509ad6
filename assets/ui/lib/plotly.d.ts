// The part of Plotly that is used (https://plotly.com/javascript/reference/).

export type Trace = {
  type: "scatter";
  x: number[];
  y: (number | null)[];
  mode: "lines" | "markers";
  visible: boolean;
  name: string;
  cliponaxis: boolean;
  showlegend?: boolean;
  marker?: object;
  line?: object;
  fill?: string;
  fillcolor?: string;
  error_y?: object;
};

export interface Axis {
  range: [number, number];
  tickvals?: number[];
  ticktext?: string[];
  [more: string]: unknown;
}

export interface Layout {
  xaxis: Axis;
  yaxis: Axis;
  dragmode: false | string;
  [more: string]: unknown;
}

/** What is told when ranges or the tool change: dotted names of a layout. */
export interface Relayout {
  dragmode?: false | string;
  [path: string]: unknown;
}

export interface Figure extends HTMLElement {
  layout: Layout;
  /** the layout with everything that Plotly adds; there is none before the first drawing */
  _fullLayout?: Partial<Layout>;
  on(event: "plotly_relayout", told: (change: Relayout) => void): void;
  on(event: "plotly_relayouting" | "plotly_doubleclick", told: () => void): void;
}

export interface Plotly {
  Icons: Record<string, object>;
  react(figure: HTMLElement, data: Trace[], layout: Layout, config: object): Promise<HTMLElement>;
  relayout(figure: HTMLElement, change: Relayout): Promise<HTMLElement>;
  toImage(figure: { data: Trace[]; layout: Layout }, options: { format: "svg"; width: number; height: number }): Promise<string>;
}
