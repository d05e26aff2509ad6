// Written by `python -m docs.types` from what Python tells the page. Do not edit.

/** An experiment as the flat names and texts of a link. */
export type Query = Record<string, string>;

/** The arrays of a packet, by name (docs/packet.md). */
export type Arrays = Record<string, { dtype: string; shape: number[]; offset: number; lo?: number[]; hi?: number[]; axis?: number }>;

/** What the scripts know from the start. */
export interface Config {
  controls: {
    id: string;
    path: string;
    kind: string;
    label: string;
    type: string;
    default: boolean | number | string;
    lo?: number;
    hi?: number;
    whole?: boolean;
    when?: ((string | (number | string)[])[])[];
  }[];
  top: {
    data: {
      default: string;
      kind: string;
    };
    process: {
      family: string;
      default: {
        process: string;
      };
    };
    sampler: {
      family: string;
      default: {
        sampler: string;
      };
    };
    grid: {
      family: string;
      default: {
        grid: string;
      };
    };
    guidance: {
      family: string;
      default: {
        guidance: string;
      };
    };
    mode: {
      default: string;
      kind: string;
    };
    start: {
      default: string;
      kind: string;
    };
    start_at: {
      default: number;
      kind: string;
    };
    stop_at: {
      default: number;
      kind: string;
    };
    particles: {
      default: number;
      kind: string;
    };
    seed: {
      default: number;
      kind: string;
    };
    dtype: {
      default: string;
      kind: string;
    };
    model: {
      default: string;
      kind: string;
    };
    noise: {
      default: string;
      kind: string;
    };
  };
  families: Record<string, Record<string, Record<string, {
    family?: string;
    default: boolean | number | string | Record<string, string>;
    kind?: string;
  }>>>;
  help: Record<string, string>;
  titles: Record<string, Record<string, string>>;
  legal: {
    words: string[];
    tables: Record<string, number>[];
    leaves: Record<string, number>[];
    data: Record<string, Record<string, string>>;
  };
  models: Record<string, {
    process: number;
    under: Record<string, Record<string, number>>;
    own: Record<string, string>;
  }>;
  laws: Record<string, {
    title: string;
    models: string[];
    pictures?: boolean;
  }>;
  old: Record<string, string[]>;
  sets: {
    like: string;
    models: string[];
  };
  batch: number;
  nested: Record<string, string>;
  suits: Record<string, string>;
  calls: Record<string, number[] | null>;
  fallback: Record<string, {
    sampler: string;
    grid: string;
    guidance: string;
  }>;
  layers: {
    key: string;
    word: string;
    role: string;
    mark: string;
    shown: boolean;
    arrays: string;
    packet: string;
    stays: boolean;
  }[];
  labs: {
    key: string;
    word: string;
    page: string;
    view: string[];
    asks: {
      variants?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
      r?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
      jump?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
      strength?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
      columns?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
      rows?: {
        default: number;
        lo: number;
        hi: number;
        whole: boolean;
      };
    };
  }[];
  measures: Record<string, {
    how: string;
    floor: string;
  }>;
  intro: string[][];
  examples: {
    key: string;
    title: string;
    look: string;
    move: string;
    query: string;
    view: Record<string, string>;
    moves: string[];
    told: Record<string, string>;
    whole: Record<string, string>;
  }[];
  glossary: Record<string, {
    group: string;
    name: string;
    text: string;
    ref?: string;
    arxiv?: string;
    formula?: string;
    also?: string;
    params?: {
      label: string;
      help: string;
    }[];
  }>;
  kept: {
    field: string;
    app: string;
    version: string;
    longest: number;
  };
  board: {
    presets: {
      key: string;
      word: string;
      title: string;
      across: string[];
    }[];
    costs: {
      key: string;
      word: string;
      title: string;
    }[];
    particles: number;
    bytes: number;
    rule: string;
    rule_of_both: string;
    format: string;
  };
  compare: {
    most: number;
    units: {
      key: string;
      of: string;
    }[];
  };
  elsewhere: {
    begin: string[];
    names: string[];
  };
  limits: Record<string, number>;
}

export type Control = Config["controls"][number];

export type LayerInfo = Config["layers"][number];

export type LabInfo = Config["labs"][number];

export type Example = Config["examples"][number];

/** A panel of the stage: what stands across it and upwards. */
export interface Panel {
  id: string;
  kind: string;
  title: string;
  weight: number;
  pins: boolean;
  a?: {
    component: number;
    label: string;
    lo: number;
    hi: number;
    names?: string[];
  };
  b: {
    component: number;
    label: string;
    lo: number;
    hi: number;
    names?: string[];
  };
}

/** Of the packet "run", and of "part". */
export interface RunHeader {
  kind: string;
  key: string;
  fields_key: string;
  seq: number;
  mode: string;
  title: {
    data: string;
    process: string;
    sampler: string;
  };
  name: string;
  seed: number;
  start: string;
  ending: string;
  level: {
    words: string;
    shared: boolean;
  };
  particles: number;
  frames: number;
  steps: number;
  planned: number;
  model_calls: number;
  compute_ms: number;
  device: string;
  dtype: string;
  classes: {
    name: string;
  }[];
  sampler: {
    title: string;
    formula: string;
    tip: string;
    paper: string;
    arxiv: string;
    order: number | null;
    nfe: number | null;
    calls_line: number[] | null;
    terms: {
      symbol: string;
    }[];
    elsewhere: {
      names: {
        where: string;
        sampler: string;
        grid: string;
      }[];
      code: string;
      exact: boolean;
      near: string;
    } | null;
  };
  guidance: {
    title: string;
    formula: string;
    tip: string;
    paper: string;
    arxiv: string;
  } | null;
  process: {
    title: string;
    formula: string;
    tip: string;
    paper: string;
    arxiv: string;
  };
  diverged: {
    step: number;
    message: string;
  } | null;
  notes: string[];
  labs: Record<string, string>;
  dim: number;
  components: string[];
  panels: Panel[];
  unavailable: Record<string, string>;
  pointless: string[];
  here: Record<string, string>;
  curves: {
    name: string;
    label: string;
    role: string;
    leaves: boolean;
  }[];
  legal: Record<string, Record<string, string>>;
  arrays: Arrays;
  set?: string;
  image?: {
    event: number[];
    batch: number;
    shown: number;
    velocity: boolean;
    done: boolean;
    at: number;
    of_plane: string;
  };
}

/** Of a step of an image run. */
export interface StepHeader {
  kind: string;
  key: string;
  seq: number;
  step: number;
  steps: number;
  calls: number;
  clock: number;
  time: number;
  log_snr: number | null;
  compute_ms: number;
  event: number[];
  images: number;
  arrays: Arrays;
}

/** Of the packet "fields". */
export interface FieldsHeader {
  kind: string;
  key: string;
  fields_key: string;
  panels: Panel[];
  frames: number;
  want: string[];
  grid: {
    density: number[];
    arrows: number[];
  };
  arrays: Arrays;
}

/** Of the packet "metrics". */
export interface MetricsHeader {
  kind: string;
  key: string;
  points: number;
  draws: number;
  law: string;
  end: string;
  about: string;
  metrics: {
    name: string;
    label: string;
    short: string;
    unit: string;
    final: number;
    final_se: number;
    floor: number;
    floor_sd: number;
    why: string;
    beyond: number | null;
  }[];
  missing: {
    name: string;
    label: string;
    short: string;
    reason: string;
  }[];
  tilted: {
    label: string;
    final: number;
    final_se: number;
    floor: number;
    floor_sd: number;
  } | null;
  arrays: Arrays;
}

/** Of the packet "flow". */
export interface FlowHeader {
  kind: string;
  key: string;
  reason: string;
  arrays: Arrays;
}

/** Of the packets that labs and the form ask for. */
export interface LabHeaders {
  "knots": {
    kind: string;
    knots: number[][];
    error: number;
    note: string;
    arrays: Arrays;
  };
  "mixture": {
    kind: string;
    text: string;
    note: string;
    arrays: Arrays;
  };
  "inspect": {
    kind: string;
    key: string;
    clock: number;
    t: number;
    s: number;
    s_clock: number;
    z: number[];
    names: string[];
    notes: string[];
    modes: number;
    best: {
      mean: number[];
      cov: number[][];
      kl: number;
      error: number;
      w2: number;
    };
    step: {
      title: string;
      note: string;
      kind: string;
      mean: number[];
      cov: number[][];
      kl: number | null;
      error: number;
      w2: number;
    };
    point: {
      name: string;
      formula: string;
      tip: string;
      values: number[];
    }[];
    w2: string;
    components: {
      of: number;
      index: number[];
      label: number[];
    };
    x0: {
      mean: number[];
    };
    plane?: {
      centre: number[];
      half: number[];
      axes: number[];
      labels: string[];
      scale: number;
      zoom: number;
    };
    wide?: {
      centre: number[];
      half: number[];
    };
    arrays: Arrays;
    sizes?: {
      gap: number;
      s: number;
      kl: number;
      modes: number;
    }[];
    strips?: {
      clock: number;
      t: number;
      pin: boolean;
    }[];
    view?: {
      t: number;
      s: number;
      lo: number;
      hi: number;
    };
    why?: string;
    suggest?: string;
  };
  "paths": {
    kind: string;
    key: string;
    notes: string[];
    arrays: Arrays;
    why?: string;
  };
  "worst": {
    kind: string;
    key: string;
    steps: number;
    kl: number;
    error: number;
    t: number;
    s: number;
    every: boolean;
    arrays: Arrays;
    why?: string;
  };
  "phase": {
    kind: string;
    part: string;
    key: string;
    friction: number;
    mass: number;
    regime: string;
    items?: {
      id: string;
      title: string;
      components?: {
        name: string;
        label: string;
        lo: number;
        hi: number;
      }[];
      friction?: number | null;
      ratio?: number;
      expected?: number;
      measured?: number;
      measured_se?: number;
      limit?: number;
      score_mean?: number;
      score_error?: number;
    }[];
    arrays: Arrays;
    steps?: number;
    paths?: number;
    score_by?: string;
    points?: number;
    error?: {
      sscs: number;
      em: number;
    };
    floor?: number;
    floor_sd?: number;
    label?: string;
  };
  "errors": {
    kind: string;
    key: string;
    distance: string;
    parts: {
      name: string;
      share: number;
      se: number;
      alone: number;
    }[];
    total: number;
    total_se: number;
    direct: number;
    direct_se: number;
    floor: number;
    points: number;
    resolved: boolean;
    stochastic: boolean;
    lost: number;
    reason: string;
    arrays: Arrays;
  };
  "errors-map": {
    kind: string;
    key: string;
    step: number;
    over: string;
    stochastic: boolean;
    ranges?: number[][];
    labels?: string[];
    t?: number[];
    reason: string;
    arrays: Arrays;
  };
  "free": {
    kind: string;
    key: string;
    of: string;
    set: string;
    with: string;
    steps: number;
    event: number[];
    images: number;
    self: string;
    label: number | null;
    count: number;
    close: number;
    kinds: {
      kind: string;
      word: string;
      tip: string;
    }[];
    arrays: Arrays;
  };
  "numbers": {
    kind: string;
    key: string;
    fields: {
      path: string;
      kind: string;
      word: string;
      lo: number;
      hi: number;
      value: number;
      whole: boolean;
      help: string;
      with?: {
        guidance: string;
      };
    }[];
    classes: number;
    arrays: Arrays;
  };
  "repaint": {
    kind: string;
    key: string;
    exact: Record<string, number>;
    runs: {
      r: number;
      mean: number;
      variance: number;
      calls: number;
    }[];
    steps: number;
    arrays: Arrays;
  };
}

/** Of a task: its packet "task-plan". */
export interface TaskPlan {
  kind: "task-plan";
  task: string;
  key: string;
  ms: number;
  rows: string[];
  columns: string[];
  event: number[];
  notes: string[];
  expected_calls: number;
  arrays: Arrays;
  chosen?: number;
}

/** Of a task: its packet "task-step". */
export interface TaskStep {
  kind: "task-step";
  task: string;
  key: string;
  ms: number;
  cells: number[][];
  arrays: Arrays;
  step?: number;
  steps?: number;
  word?: string;
  calls?: number;
  done?: number;
}

/** Of a task: its packet "task-done". */
export interface TaskDone {
  kind: "task-done";
  task: string;
  key: string;
  ms: number;
  calls: number;
  asked: number;
  exact?: {
    draws: number;
    mean: number;
    floor: number;
    spread: number;
    exact: number;
  } | null;
  arrays: Arrays;
  ends?: number[];
  points?: {
    steps: number;
    rms: number;
    noise: number;
  }[];
  values?: number[];
  field?: string;
}

/** Of a task: its packet "task-captions". */
export interface TaskCaptions {
  kind: "task-captions";
  task: string;
  key: string;
  ms: number;
  captions: ((number | string)[])[];
  arrays: Arrays;
  points?: {
    steps: number;
    rms: number;
    noise: number;
  }[];
}

export type TaskHeader = TaskPlan | TaskStep | TaskDone | TaskCaptions;

/** Of the board: the sweep. */
export interface BoardHead {
  head: {
    sweep: Record<string, number | string | (string | {
      sampler?: (string | null)[];
      calls?: number[];
      "grid.steps"?: number[];
    })[] | {
      particles: string;
      data?: string;
      process?: string;
    }>;
    key: string;
    title: string;
    format: string;
    version: number;
    axes: {
      title: string;
      labels: string[];
      words: string[];
      names: string[];
    }[];
    measures: {
      key: string;
      title: string;
      tip: string;
      unit: string;
      better: string;
      scale: string;
      floor: string;
    }[];
    more: {
      key: string;
      title: string;
      tip: string;
      unit: string;
      better: string;
      scale: string;
      floor: string;
    }[];
    along: number | null;
    seeds: number[];
    cells: number;
    base: {
      query: Record<string, string>;
      data: string;
      process: string;
      particles: number;
    };
    pictures: {
      away: number;
      truth: {
        shape: number[];
        data: string;
      };
      ranges: number[][];
      names: string[];
    };
  };
}

/** Of the board: how much there is to do. */
export interface BoardPlan {
  plan: {
    of: number;
    known: number;
    left_out: {
      at: number[];
      why: string;
    }[];
    code: string;
    machine: string;
  };
}

/** Of the board: a cell. */
export interface BoardCell {
  at: number[];
  seed: number;
  steps: number;
  calls: number;
  ms: number;
  values: Record<string, (number | string)[]>;
  refused?: Record<string, string>;
  diverged?: number;
  failed?: string;
  together?: number;
  picture?: {
    shape: number[];
    data: string;
  };
}

/** Of the board: a place over its seeds. */
export interface BoardRow {
  at: number[];
  query: Record<string, string>;
  calls: number;
  ms: number;
  steps: number;
  seeds: number;
  diverged: number;
  values: Record<string, (number | string)[]>;
  why: Record<string, string>;
}

/** Of the board: fronts, orders and floors. */
export interface BoardFront {
  front: Record<string, Record<string, {
    on: number[][];
    line: number[][];
    by: number[][][];
  }>>;
  orders: Record<string, {
    at: number[];
    fit: number[] | null;
    why: string;
  }[]>;
  floors: Record<string, (number | string)[]>;
}

/** Points as a mixture: the answer of live/fit. */
export interface Fit {
  data: string;
  dim: number;
  components: number;
  rows: number;
  fitted: number;
  distance: number;
  floor: number;
  points: number;
  columns: number[][];
  notes: string[];
}
