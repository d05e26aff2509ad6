// The live loop. Components change → flat query (the grammar of Experiment.to_query) → packets → stage; and the link in the
// address bar. At most one request is in flight and only the newest change waits; the last good picture is never taken away.
import { Labs, labKeys } from "../beside/labs.js";
import { Status } from "../beside/status.js";
import { StepPanel } from "../beside/step-panel.js";
import { Words } from "../beside/words.js";
import { pickers, rails } from "./picker.js";
import { filmOf } from "../images/film.js";
import { Images } from "../images/images.js";
import { boxes, setNumber, setRadio, setText } from "../lib/boxes.js";
import { el } from "../lib/dom.js";
import { mixture } from "../lib/mixture.js";
import { significant } from "../lib/numbers.js";
import { decode } from "../lib/packet.js";
import { config, experimentPart, first, models, packetUrl, theme } from "../lib/start.js";
import { linesOf, packetsOf } from "../lib/streams.js";
import { time } from "../lib/time.js";
import { SPEEDS } from "../stage/clock.js";
import { Pin } from "../stage/pin.js";
import { DEFAULT_LAYERS, LAYERS, LAYER_KEYS, asked } from "../stage/layers.js";
import { Stage } from "../stage/stage.js";

const QUIET_URL = 400, QUIET_METRICS = 250, SLOW_START = 6000, CLASSES = "EachClass";

// ---- what is chosen ------------------------------------------------------------------------------------------------------
const controls = config.controls;
const byPath = new Map(controls.map((c) => [`${c.path}|${c.kind}`, c]));
const values = Object.fromEntries(controls.map((c) => [c.id, c.default]));
const forced = new Map(); // id → value set by us, until its component reports it
const fitting = new Map(); // legality of a process → the last sampler and grid chosen there
let ready = false, lastProcess = values["pg-process"];

const control = (path, kind = "") => byPath.get(`${path}|${kind}`) || byPath.get(`${path}|`);
const at = (path, kind) => values[control(path, kind)?.id];
const same = (a, b) => String(a) === String(b) || (a !== "" && b !== "" && Number(a) === Number(b));
const equal = (a, b) => {
  const ka = Object.keys(a), kb = Object.keys(b);
  return ka.length === kb.length && ka.every((k) => k in b && same(a[k], b[k]));
};

function flat(path, family, kind) {
  const out = { [path]: kind };
  for (const [name, p] of Object.entries(config.families[family][kind] || {})) {
    const full = `${path}.${name}`;
    if (p.family) {
      const inside = at(full, kind);
      if (inside == null) continue;
      const inner = flat(full, p.family, inside);
      if (!equal(inner, renamed(p.default, name, full))) Object.assign(out, inner);
    } else {
      const v = at(full, kind);
      if (v != null && !same(v, p.default)) out[full] = String(v);
    }
  }
  return out;
}
const renamed = (record, from, to) => Object.fromEntries(Object.entries(record).map(([k, v]) => [to + k.slice(from.length), v]));

/** Are these data pictures? */
const pictures = (data) => Boolean(config.laws[data]?.pictures);
/** Who predicts, and what cannot be chosen with it; nothing for the exact model of a mixture. */
const who = () => config.models[`${values["pg-data"]} ${values["pg-model"]}`];
const firstModel = (data) => models(data)[0] ?? config.top.model.default;
/** The experiment as flat names and texts: only what differs from the defaults. */
function query() {
  const out = {};
  for (const [name, p] of Object.entries(config.top)) {
    if (p.family) {
      if (at(name) == null) continue;
      const f = flat(name, p.family, at(name));
      const usual = config.fallback[values["pg-process"]]?.[name] ?? p.default[name]; // what this process has when nothing is said
      if (at(name) !== usual || Object.keys(f).length > 1) Object.assign(out, f);
    } else {
      const v = at(name);
      if (v != null && !same(v, name === "model" ? firstModel(values["pg-data"]) : p.default)) out[name] = String(v);
    }
  }
  return out;
}

const SOURCE = "Interpolant:process.origin";
/** What a menu offers beside what Python declares: as a source the mixture that is the data now. */
export const more = (slot) => (slot === SOURCE && handMade(values["pg-data"]) ? [{ key: values["pg-data"], title: "the data themselves", tip: "your own mixture, as it is now", group: "own", hint: "", kind: "" }] : []);
/** Why a control does nothing now ('' if it does something): the conditions that Python declares, its own and those of the choice that it belongs to. */
export const idle = (slot) => idleOf(controls.find((c) => c.path === slot || `${c.kind}:${c.path}` === slot));
function idleOf(c) {
  for (const [path, test, list, words] of c?.when || []) {
    const v = at(path, c.kind), holds = test === "above" ? Number(v) > list[0] : list.some((x) => same(x, v)) === (test === "one of");
    if (!holds) return words;
  }
  const outer = c?.path.includes(".") && controls.find((o) => o.path === c.path.slice(0, c.path.lastIndexOf(".")));
  return outer ? idleOf(outer) : "";
}
/** A mixture of one's own, not a name. */
const handMade = (data) => !(data in config.laws) && (String(data).startsWith("{") || Boolean(mixture?.size(String(data))));

// ---- what the judge says (playground/core/legal.py, told by playground/ui/judged.py) -------------------------------------------
// With every packet comes what holds for exactly its data, model, process and guidance; before it is there, what holds for them without their numbers.
const UPSTREAM = controls.filter((c) => /^(data|model|process|guidance)\b/.test(c.path));
const upstream = () => UPSTREAM.map((c) => values[c.id]).join("\n");
let verdict = { q: {}, legal: {} }, judged = { of: null, legal: {} };
/** The verdict of a packet counts as soon as the form says what was asked. */
function judge(told = verdict) {
  verdict = told;
  if (equal(verdict.q, query())) judged = { of: upstream(), legal: verdict.legal };
}
/** Why a choice cannot be made now ('' if it can). */
export const why = (slot, key) => {
  const path = slot.split(":").pop(), exact = judged.of === upstream() ? judged.legal[path] : undefined;
  return (exact ? exact[key] : expected(config.nested[slot] ?? path, key)) || "";
};
function expected(slot, key) {
  const process = values["pg-process"], model = who() ?? config.models[`${config.top.data.default} ${config.top.model.default}`];
  if (slot === "data") return config.legal.data[process]?.[key];
  const pool = model.pool ?? config.legal, table = slot === "process" ? model.process : pool.leaves[model.under?.[process]?.[values["pg-guidance"]]]?.[slot];
  return pool.words[pool.tables[table]?.[key]];
}
/** What fits a process, as one name: processes of one name take the same samplers and grids. */
const signature = (process) => {
  const model = who() ?? config.models[`${config.top.data.default} ${config.top.model.default}`], pool = model.pool ?? config.legal;
  const { sampler, grid } = pool.leaves[model.under?.[process]?.[config.top.guidance.default.guidance]] ?? {};
  return `${sampler} ${grid}`;
};
const title = (family, key) => config.titles[family]?.[key] || key;

function force(id, value) {
  values[id] = value;
  forced.set(id, value);
  const c = controls.find((x) => x.id === id);
  const picker = pickers?.[c.path] ?? pickers?.[`${c.kind}:${c.path}`];
  if (picker) picker.set(value);
  else if (c.type === "pick") return;
  else if (c.type === "choice") setRadio(id, value);
  else if (c.type === "free") setText(id, value) || forced.delete(id); // what the box says already it does not report
  else setNumber(id, value);
}

/** A schedule with its numbers: those that are not told are its defaults. */
function useSchedule(told) {
  const kind = told["process.schedule"];
  force("pg-schedule", kind);
  for (const [name, p] of Object.entries(config.families.schedules[kind])) {
    const v = told[`process.schedule.${name}`];
    force(control(`process.schedule.${name}`, kind).id, v == null ? p.default : Number(v));
  }
}

/** After a change of process: a sampler and a grid that fit, and the process's own schedule if none was chosen by hand. */
function settleProcess() {
  const process = values["pg-process"];
  if (process === lastProcess) {
    fitting.set(signature(process), { sampler: values["pg-sampler"], grid: values["pg-grid"], guidance: values["pg-guidance"] });
    return;
  }
  const before = config.families.processes[lastProcess]?.schedule, now = config.families.processes[process]?.schedule;
  scheduleOwner = before ? lastProcess : scheduleOwner;
  const owner = config.families.processes[scheduleOwner]?.schedule;
  if (now && owner && scheduleOwner !== process) {
    const chosen = flat("process.schedule", "schedules", values["pg-schedule"]);
    if (equal(chosen, renamed(owner.default, "schedule", "process.schedule"))) {
      useSchedule(renamed(now.default, "schedule", "process.schedule"));
    }
    scheduleOwner = process;
  }
  lastProcess = process;
  const told = {}, reasons = new Set();
  const good = { ...(fitting.get(signature(process)) || config.fallback[process]) };
  const suits = config.suits[process];
  if (!ownGrid && !why("grid", suits)) good.grid = suits;
  for (const [slot, family] of [["guidance", "guidance"], ["sampler", "samplers"], ["grid", "grids"]]) { // guidance first: samplers are judged by it
    const was = values[`pg-${slot}`], no = why(slot, was);
    if (slot === "grid" && !no && !ownGrid && good.grid !== was) { // the grid comes with the process, unless it was chosen by hand
      force("pg-grid", good.grid);
      automatic.grid = null;
      told.grid = `grid ${title(family, was)} → ${title(family, good.grid)}, which suits it`;
      continue;
    }
    // what does not fit gives way; what had to give way before comes back
    if (!no && !(automatic[slot] === was && good[slot] !== was)) continue;
    force(`pg-${slot}`, good[slot]);
    if (slot === "sampler") keepCalls();
    automatic[slot] = no ? good[slot] : null;
    told[slot] = `${slot} ${title(family, was)} → ${title(family, good[slot])}`;
    if (no) reasons.add(`${title(family, was)} ${no}.`);
  }
  const changes = ["sampler", "grid", "guidance"].map((slot) => told[slot]).filter(Boolean);
  if (changes.length) notice({ kind: "info", message: `${title("processes", process)}: ${changes.join(", ")}. ${[...reasons][0] || ""}`.trim() });
}
/** After a change of guidance: a sampler that needs more of the model than a guided one gives. */
function settleGuidance() {
  const was = values["pg-sampler"], no = why("sampler", was), good = config.fallback[values["pg-process"]].sampler;
  if (!no) return;
  force("pg-sampler", good);
  keepCalls();
  notice({ kind: "info", message: `${title("guidance", values["pg-guidance"])}: sampler ${title("samplers", was)} → ${title("samplers", good)}. ${title("samplers", was)} ${no}.` });
}
/** After a change of data: between toys and trained models, what the new ones cannot take gives way; so many images are no toy's particles. */
let lastData = values["pg-data"];
const chosen = {}; // the last model of each law
const left = {}; // what was left behind: a toy's particles, the last toy, the last images
function settleData() {
  const now = values["pg-data"], model = values["pg-model"], images = pictures(now), were = pictures(lastData);
  chosen[lastData] = model;
  if (!models(now).includes(model)) force("pg-model", chosen[now] ?? firstModel(now));
  left[were ? "images" : "toy"] = lastData;
  if (were) left.guidance = values["pg-guidance"];
  lastData = now;
  if (images && were) return settleImages();
  if (images === were) return why("process", values["pg-process"]) ? settleImages() : undefined; // data that live elsewhere
  if (images) {
    left.particles = values["pg-particles"];
    force("pg-particles", config.batch);
    force("pg-start", "prior");
    force("pg-mode", "reverse");
    if (values["pg-guidance"] === config.top.guidance.default.guidance && !why("guidance", CLASSES)) force("pg-guidance", left.guidance ?? CLASSES);
  } else if (values["pg-particles"] === config.batch) force("pg-particles", left.particles ?? control("particles").default);
  settleImages();
}
/** What the data do not take gives way: the process first, the model's own with its numbers if it knows only one. */
function settleImages() {
  const own = who()?.own ?? {};
  if (own.process) force("pg-process", own.process);
  else if (why("process", values["pg-process"])) force("pg-process", config.top.process.default.process);
  settleProcess();
  if (own.process) { // with its own numbers: those that are not told are the defaults
    for (const c of controls) if (c.path.startsWith("process.") && c.kind === own.process) force(c.id, own[c.path] ?? c.default);
    const { schedule } = config.families.processes[own.process];
    if (schedule) useSchedule(own["process.schedule"] ? own : renamed(schedule.default, "schedule", "process.schedule"));
  }
  const good = config.fallback[values["pg-process"]];
  for (const slot of ["guidance", "sampler", "grid"]) if (why(slot, values[`pg-${slot}`])) force(`pg-${slot}`, good[slot]);
  for (const slot of ["start", "mode"]) if (why(slot, values[`pg-${slot}`])) force(`pg-${slot}`, config.top[slot].default);
}
/** The toys, or a trained model: with the same process, sampler, grid and seed as far as they fit. */
function turnTo(page) {
  const now = values["pg-data"], images = pictures(now);
  if (images === (page === "images")) return;
  const to = (images ? left.toy : left.images) ?? (images ? control("data").default : Object.keys(config.laws).find(pictures));
  choose(to);
}
/** These data, with as many particles as are said. */
function choose(data, particles) {
  settle(() => {
    force("pg-data", data);
    settleData();
    if (particles) force("pg-particles", particles);
  });
}
/** What a change asks for is done as a whole: the components that it sets tell of themselves meanwhile. */
let settling = false;
function settle(first) {
  settling = true;
  try {
    first();
    settleProcess();
  } finally {
    settling = false;
  }
  follow();
}
const automatic = {};
let ownGrid = false; // chosen by hand
/** Is this grid another than what comes with its process by itself? */
const strange = (grid, process) => grid !== config.suits[process] && grid !== config.fallback[process]?.grid;
/** Whose default the schedule in the form is: the process's own, or that of the page's first where it has none. */
const ownerOf = (process) => (config.families.processes[process]?.schedule ? process : config.top.process.default.process);
let scheduleOwner = lastProcess;

// ---- what is shown of the form: one style element, which survives whatever Svelte renders anew ------------------------------
const sheet = document.head.appendChild(document.createElement("style"));
function show() {
  judge();
  const process = values["pg-process"], on = [];
  on.push(`#pg-process-${process}`, `#pg-sampler-${values["pg-sampler"]}`, `#pg-grid-${values["pg-grid"]}`, `#pg-guidance-${values["pg-guidance"]}`);
  if (config.families.processes[process]?.schedule) on.push("#pg-process-schedule-row", `#pg-schedule-${values["pg-schedule"]}`);
  for (const slot of Object.keys(config.nested)) { // a choice within a choice: its group stands in that of the outer one, which hides it
    const [kind, path] = slot.split(":"), { id } = control(path, kind);
    on.push(`#${id}-${values[id]}`);
  }
  const css = `${on.join(",")}{display:flex!important}`;
  if (sheet.textContent !== css) sheet.textContent = css;
  Object.values(pickers).forEach((p) => p.refresh());
  rails.forEach((r) => r.show(values[r.target]));
  dim();
  refuse();
  const page = (document.body.dataset.page = pictures(values["pg-data"]) ? "images" : "toys");
  for (const a of document.querySelectorAll("nav a[data-page]")) {
    a.classList.toggle("on", a.dataset.page === page);
    a.ariaCurrent = a.dataset.page === page ? "page" : null;
  }
  const unit = document.querySelector('#pg-particles [data-testid="block-info"]');
  if (unit) unit.textContent = page === "images" ? "images" : "particles";
  chips();
}

/** Of a few words those that the judge refuses cannot be chosen, and say why. */
function refuse() {
  for (const c of controls) {
    if (c.type !== "choice") continue;
    for (const input of document.querySelectorAll(`#${c.id} input[type=radio]`)) {
      const no = why(c.path, input.value), label = input.closest("label");
      if ((label.dataset.tip ?? "") !== no) no ? (label.dataset.tip = no) : delete label.dataset.tip;
      label.classList.toggle("pg-no", Boolean(no));
      input.disabled = Boolean(no) && !input.checked;
    }
  }
}
/** What does nothing now is dim and says why; its hands are tied, but the keyboard still comes by to hear it. */
function dim() {
  for (const c of controls) {
    if (!c.when && !c.path.includes(".")) continue;
    const box = document.getElementById(c.id);
    if (!box || c.id === "pg-mode") continue;
    const why = idleOf(c), words = why && `Does nothing now: ${why}.${config.help[c.id] ? `\n${config.help[c.id]}` : ""}`;
    for (const node of [box, document.getElementById(`${c.id}-row`)]) {
      if (!node || (node.dataset.idle ?? "") === words) continue;
      node.dataset.idle = words;
      node.classList.toggle("pg-idle", Boolean(why));
      for (const part of [node, ...node.querySelectorAll("input, textarea")]) {
        if (why) part.dataset.tip = words;
        else delete part.dataset.tip;
        if (part === node) continue;
        why ? part.setAttribute("aria-disabled", "true") : part.removeAttribute("aria-disabled");
        why ? part.setAttribute("aria-description", words) : part.removeAttribute("aria-description");
      }
    }
  }
}
for (const name of ["keydown", "beforeinput"]) document.addEventListener(name, (e) => {
  if (e.target.matches?.('.pg-idle :is(input, textarea)') && !["Tab", "Escape"].includes(e.key) && !e.ctrlKey && !e.metaKey) e.preventDefault(), e.stopPropagation();
}, true);

// ---- what the steps cost -------------------------------------------------------------------------------------------------------
let costBox = null, keptCalls = 0;
const toldCost = () => {
  if (!costBox) return;
  const h = shownRun?.header, known = h && h.mode !== "forward" && h.model_calls != null;
  costBox.firstChild.textContent = known ? `= ${h.model_calls.toLocaleString("en")} model call${h.model_calls === 1 ? "" : "s"}${h.guidance ? ", guided" : ""}` : "";
  const lock = costBox.lastChild, line = h?.sampler?.calls_line;
  lock.hidden = !known || !line;
  lock.setAttribute("aria-pressed", String(view.keep === "calls"));
};
/** Mounted below the steps: "= 9 model calls", and a lock that turns the steps when the sampler changes. */
export const calls = (element) => {
  element.classList.add("pg-calls");
  const lock = el("button", { type: "button", className: "pg-keep", textContent: "keep" });
  lock.setAttribute("aria-label", "keep the calls");
  lock.dataset.tip = "Keep the calls: another sampler gets as many steps as make the same number of model calls, so that methods are compared at equal cost.";
  lock.addEventListener("click", () => {
    setView("keep", view.keep === "calls" ? "" : "calls");
    keptCalls = 0;
    toldCost();
  });
  costBox = el("div", {}, el("span"), lock);
  element.replaceChildren(costBox);
  toldCost();
};
const callsOf = (line, steps) => line[0] * steps + line[1];
const stepsFor = (line, calls) => Math.max(1, Math.min(control("grid.steps").hi, Math.round((calls - line[1]) / line[0])));
/** Another sampler was chosen: as many steps as make the same number of calls. What its parameters change of that, its own run tells (keepAgain). */
function keepCalls() {
  const shown = shownRun?.header.sampler?.calls_line, line = config.calls[values["pg-sampler"]];
  if (view.keep !== "calls" || !shown || shownRun.header.mode === "forward") return;
  keptCalls = callsOf(shown, shownRun.header.planned);
  if (line) force("pg-grid-steps", stepsFor(line, keptCalls));
}
function keepAgain(run) {
  const line = run.header.sampler?.calls_line, wanted = keptCalls;
  if (next) return;
  keptCalls = 0;
  if (!wanted || !line || view.keep !== "calls") return;
  const steps = stepsFor(line, wanted);
  if (steps === run.header.planned || Math.abs(callsOf(line, steps) - wanted) >= Math.abs(callsOf(line, run.header.planned) - wanted)) return;
  force("pg-grid-steps", steps);
  follow();
}

/** Data, and who predicts where there are several. */
function dataTitle(data = values["pg-data"], model = values["pg-model"]) {
  const law = config.laws[data], several = models(data).length > 1, picker = pickers?.model;
  const word = several && picker?.choices.find((c) => c.key === model && c.group === data)?.title;
  return (law?.title || "own mixture") + (word ? ` · ${word}` : "");
}
function chips() {
  const box = document.querySelector(".pg-chips");
  if (!box) return;
  const process = values["pg-process"];
  const schedule = config.families.processes[process]?.schedule ? ` · ${title("schedules", values["pg-schedule"])}` : "";
  const words = [
    ["pg-sec-data", dataTitle()],
    ["pg-sec-process", title("processes", process) + schedule],
    ["pg-sec-sampler", `${title("samplers", values["pg-sampler"])} · ${values["pg-grid-steps"]}`],
    ["pg-sec-grid", title("grids", values["pg-grid"])],
    ["pg-sec-run", `${Number(values["pg-particles"]).toLocaleString("en")} ${pictures(values["pg-data"]) ? "images" : "particles"}`],
  ];
  const told = words.join();
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  box.replaceChildren(...words.map(([section, text]) => {
    const b = el("button", { type: "button", className: "pg-chip", textContent: text });
    b.addEventListener("click", () => drawer(true, section));
    return b;
  }));
}

// ---- packets ---------------------------------------------------------------------------------------------------------------
const want = () => {
  const wanted = stage?.wants();
  const keys = stage ? LAYERS.filter((l) => wanted.has(l.arrays)).map((l) => l.key) : view.layers ? view.layers.split(",") : DEFAULT_LAYERS;
  return { run: asked("run", keys).join(","), fields: asked("fields", keys).join(",") };
};

/** What the server refused: {field, value, allowed, message}, told in the words that stand in the form. */
class Refused extends Error {
  constructor(told) {
    const { field, value, allowed, message } = told;
    const control = controls.find((c) => c.path === field && (!c.kind || c.kind === at(field.slice(0, field.lastIndexOf(".")))));
    super(control && allowed ? `${labelOf(control)}: ${value === "" ? "nothing" : String(value).replace(/^'(.*)'$/, "$1")} cannot be used; allowed: ${allowed}` : message);
    this.id = control?.id;
    this.allowed = allowed;
  }
}
const labelOf = (control) => (control.id === "pg-particles" && pictures(values["pg-data"]) ? "images" : control.label || control.path);
/** Marks the control that was refused; none: all are well. */
function mark(id) {
  for (const node of document.querySelectorAll(".pg-refused")) node.classList.remove("pg-refused");
  if (id) document.getElementById(id)?.classList.add("pg-refused");
}
class Unreachable extends Error {}

async function fetchPacket(layer, wants, q, signal, first) {
  hook.requests += layer === "run" ? 1 : 0;
  let response;
  try {
    response = await (first ?? fetch(packetUrl(layer, wants, q, { seq: ++hook.asked }), { signal }));
    if (response instanceof Error) throw response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(String(error));
  }
  if (response.ok && /octet-stream/.test(response.headers.get("content-type") || "")) return decode(await response.arrayBuffer());
  const body = await response.json().catch(() => null);
  if (body?.error) throw new Refused(body.error);
  if (response.status >= 502) throw new Unreachable(`status ${response.status}`);
  return door({ layer, want: wants, ...q }); // a host that does not let our route through
}

let server = null, openDoor;
const opened = new Promise((resolve) => (openDoor = resolve));
async function door(q) {
  await opened;
  let answer;
  try {
    answer = await server.packet_base64(q);
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (answer?.error) throw new Refused(answer.error);
  const raw = Uint8Array.fromBase64 ? Uint8Array.fromBase64(answer.packet) : Uint8Array.from(atob(answer.packet), (c) => c.charCodeAt(0));
  return decode(raw.buffer);
}

// ---- the loop --------------------------------------------------------------------------------------------------------------
const hook = (window.__pg = {
  seq: 0, // changes that asked for a picture
  painted: 0, // the change whose picture is shown
  requests: 0, // runs asked for
  asked: 0,
  get pending() { return !!next || working || telling !== 0 || metricsTimer !== 0 || boxes.waiting || Boolean(labs?.loading); },
  query,
  get images() { return images; },
  get ready() { return ready; },
  // nothing asked for, nothing to be written, and no hand on the form for so long that Gradio has told of it
  get settled() { return ready && !this.pending && !urlTimer && performance.now() - touched > 250; },
  errors: [],
});
let touched = 0;
for (const name of ["input", "click", "keydown", "pointerup", "popstate"]) addEventListener(name, () => (touched = performance.now()), { capture: true, passive: true });
let next = null, working = false, aborter = null, current = null, fields = null, metricsTimer = 0, metricsFor = null; // the default experiment's text is ""
let stage = null, images = null, labs = null, panel = null, status = null, words = null;
const waiting = []; // what arrived before the stage was mounted
const text = (q) => new URLSearchParams(Object.entries(q).sort(([a], [b]) => (a < b ? -1 : 1))).toString(); // a link may have any order

/** Ask for the picture of a query: the newest wins. */
function ask(q, first = null) {
  const now = text(q) + "|" + want().run;
  if (current === now && !next) return;
  if (next?.text === now) return;
  next = { q, text: now, first, id: ++hook.seq, from: performance.now(), values: text(query()) === text(q) ? { ...values } : null };
  clearTimeout(metricsTimer);
  metricsTimer = 0;
  aborter?.abort(); // fields and metrics of what is no longer wanted; a run in flight is kept and shown
  pump();
}

async function pump() {
  if (working) return;
  working = true;
  try {
    while (next || fields) {
      // while a hand moves something runs follow each other without a rest: now and then it is the fields' turn
      const turn = next && fields && performance.now() - fieldsAt > 60 + 7 * fieldsCost;
      if (next && !turn) await doRun();
      else await doFields(turn);
    }
  } finally {
    working = false;
  }
  metricsLater();
}

async function doRun() {
  const job = next;
  next = null;
  const before = current;
  current = job.text;
  busy(true);
  try {
    const whole = !pictures(job.q.data) || (await streamImages(job));
    if ((next && pictures(job.q.data)) || (!whole && !hook.formed)) { // something newer is wanted, or nothing has formed
      current = before;
      if (!next) images?.back();
      return;
    }
    const run = await fetchPacket(whole ? "run" : "part", want().run, job.q, undefined, job.first);
    if (!whole) current = `${job.text}|part`; // the same may be asked for: its rest
    mark();
    clearNotice("error"); // before the run, which may bring a message of its own
    shownRun = run; // before a lab is told: what it fetches is of this run
    shownQuery = job.q;
    if (job.values) shownValues = job.values;
    put((s) => s.setRun(run));
    images?.setRun(run);
    if (run.header.image && (!view.at || !whole)) put((s) => s.seek(s.end)); // formed: there it stays until it is played again
    tellLater(run);
    hook.painted = job.id;
    toldCost();
    keepAgain(run);
    refused = null;
    const known = JSON.stringify(judged.legal);
    judge({ q: job.q, legal: run.header.legal ?? {} });
    if (JSON.stringify(judged.legal) !== known) Object.values(pickers).forEach((p) => p.refresh()), refuse();
    if (run.header.image) (fieldsShown = { key: "", want: "" }), (metricsFor = null); // the stage has let go of the toy's
    const key = run.header?.fields_key || text(job.q);
    const wants = run.header.image ? "" : want().fields; // a trained model has no exact fields
    fields = wants && (key !== fieldsShown.key || wants !== fieldsShown.want) ? { q: job.q, key, want: wants } : null;
    requestAnimationFrame(() => tellStatus(run, performance.now() - job.from));
  } catch (error) {
    current = before;
    failed(error, job);
  } finally {
    if (!next) busy(false);
  }
}
let fieldsAt = 0, fieldsCost = 0; // ms

/** Labs and panel hear of a run when its picture is on the screen: what they draw would hold it up. */
let telling = 0;
function tellLater(run) {
  const turn = ++telling;
  requestAnimationFrame(() => setTimeout(() => {
    if (turn !== telling) return; // a newer run is about to be told
    telling = 0;
    beside(labs, run);
    beside(panel, run);
    beside(words, run);
  }));
}
let shownValues = null; // what the form said when the shown run was asked for
let shownRun = null, shownQuery = null, fieldsShown = { key: "", want: "" };

/** An image run forms on the stage step by step; it ends early when something newer is asked for. */
async function streamImages(job) {
  aborter = new AbortController();
  const { signal } = aborter;
  images?.begin();
  hook.formed = 0;
  try {
    const response = await fetch(`live/images?${new URLSearchParams({ ...job.q, seq: ++hook.asked })}`, { signal }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Unreachable(String(error));
    });
    if (!response.ok) throw new Refused((await response.json()).error);
    for await (const packet of packetsOf(response.body)) {
      if (next) break; // a newer one waits
      images?.step(packet);
      hook.formed = packet.header.step;
      also(status, "update", { calls: packet.header.calls, compute: packet.header.compute_ms });
    }
  } catch (error) {
    if (error.refused) throw new Refused(error.refused);
    if (error.name !== "AbortError") throw error;
  } finally {
    aborter = null;
  }
  return !signal.aborted;
}

async function doFields(turn) {
  const job = fields, began = performance.now();
  fields = null;
  aborter = turn ? null : new AbortController();
  try {
    const packet = await fetchPacket("fields", job.want, job.q, aborter?.signal);
    fieldsAt = performance.now();
    fieldsCost = fieldsAt - began;
    if (next && !turn) return;
    fieldsShown = { key: job.key, want: job.want };
    put((s) => s.setFields(packet));
    also(labs, "setFields", packet);
    also(panel, "setFields", packet);
  } catch (error) {
    if (error.name !== "AbortError") failed(error, job);
  } finally {
    aborter = null;
  }
}

function metricsLater() {
  clearTimeout(metricsTimer);
  metricsTimer = 0;
  if (!shownQuery || metricsFor === text(shownQuery) || !labs || shownRun?.header.image) return;
  metricsTimer = setTimeout(async () => {
    const q = shownQuery;
    aborter = new AbortController();
    try {
      const packet = await fetchPacket("metrics", "", q, aborter.signal);
      if (text(q) !== text(shownQuery)) return;
      metricsFor = text(q);
      also(labs, "setMetrics", packet);
      also(panel, "setMetrics", packet);
      also(status, "update", { metrics: packet });
      put((s) => (s.far = { key: packet.header.key, words: distanceWords(packet.header) }));
      also(words, "setMetrics", packet);
    } catch (error) {
      if (error.name !== "AbortError") metricsFor = text(q); // no second try for the same run
    } finally {
      aborter = null;
      metricsTimer = 0;
    }
  }, QUIET_METRICS);
}

const distanceWords = ({ metrics: [m], end }) => (m ? `${m.label} to ${end} ${significant(m.final)}, floor ${significant(m.floor)}` : "");

function failed(error, job) {
  hook.errors.push(String(error.message || error));
  refused = text(job.q);
  if (error instanceof Refused && next) return; // something newer is on its way: a repaired link, the next digit of a number
  images?.back();
  if (!shownRun) put((s) => s.setEmpty(error.message));
  if (error instanceof Refused) {
    notice({ kind: "error", message: error.message });
    owed = held && shownValues ? error : null;
    return held || !shownValues ? mark(error.id) : giveWay(error);
  }
  if (!(error instanceof Unreachable)) console.error(error);
  const message = error instanceof Unreachable ? "The server does not answer. The last good picture is kept." : `This picture could not be drawn: ${error.message}`;
  notice({ kind: "error", message, action: { label: "Try again", run: () => { current = null; refused = null; ask(job.q); urlLater(); } } });
}

/** What was refused gives way to what is shown: form, link and picture are always one. In the box that a hand is in it may be mended. */
function giveWay(error) {
  refused = owed = null;
  for (const c of controls) {
    const good = shownValues[c.id];
    if (same(values[c.id], good)) continue;
    values[c.id] = good;
    if (!boxes.refuse(c.id, good, error?.allowed || error?.message || "")) force(c.id, good);
  }
  lastProcess = values["pg-process"];
  lastData = values["pg-data"];
  if (config.families.processes[lastProcess]?.schedule) scheduleOwner = lastProcess;
  show();
  urlLater();
  return null;
}
// a slider that a hand drags is let go first
let held = false, owed = null;
for (const name of ["pointerdown", "pointerup", "pointercancel"]) addEventListener(name, () => {
  held = name === "pointerdown";
  if (!held && owed) owed = refused === text(query()) ? giveWay(owed) : null;
}, { capture: true, passive: true });

function put(fn) {
  stage ? fn(stage) : waiting.push(fn);
}
const busy = (on) => stage?.setBusy?.(on);

/** What stands beside the stage may fail without taking the stage with it. */
function also(part, name, value) {
  try {
    part?.[name]?.(value);
  } catch (error) {
    hook.errors.push(`${name}: ${error.message}`);
    console.error(error);
  }
}

let cursorInfo = null;
/** A run for the labs or the panel, and where the stage's cursor stands: a stage at rest does not tell again. */
function beside(part, run) {
  if (!run) return;
  also(part, "setRun", run);
  if (cursorInfo) also(part, "cursor", cursorInfo);
}

let toldScreen = 0; // kept for a status line that is mounted after the first picture
function tellStatus(run, toScreen) {
  if (toScreen) toldScreen = toScreen;
  also(status, "update", { run, toScreen: toldScreen });
}

// ---- notices: the stage shows them; what only informs goes by itself -----------------------------------------------------------
let noticeTimer = 0, noticeKind = "";
function notice(n) {
  clearTimeout(noticeTimer);
  noticeKind = n.kind;
  hook.notice = n.message;
  put((s) => s.notice({ ...n, kind: n.kind === "warning" ? "info" : n.kind }));
  if (n.kind !== "error") noticeTimer = setTimeout(() => clearNotice(), n.stay ?? 8000);
}
function clearNotice(kind) {
  if (!noticeKind || (kind && noticeKind !== kind)) return;
  noticeKind = hook.notice = "";
  put((s) => s.clearNotice());
}
export { notice };
export const shown = () => text(shownQuery ?? {}); // the experiment that is on the stage

// ---- the link ----------------------------------------------------------------------------------------------------------------
const view = Object.fromEntries([...new URLSearchParams(location.search)].filter(([k]) => k.startsWith("view.")).map(([k, v]) => [k.slice(5), v]));
let urlTimer = 0;
/** The address of the run that is shown, never of what is still being chosen. */
const address = () => {
  const all = { ...(shownQuery ?? query()), ...Object.fromEntries(Object.entries(view).filter(([, v]) => v !== "" && v != null).map(([k, v]) => [`view.${k}`, v])) };
  // readable links: these characters are safe in a query
  const s = new URLSearchParams(all).toString().replace(/%2C/g, ",").replace(/%7B/g, "{").replace(/%7D/g, "}").replace(/%3A/g, ":").replace(/%5B/g, "[").replace(/%5D/g, "]");
  return location.pathname + (s ? `?${s}` : "") + location.hash;
};
let refused = null, rewrite = false; // the next address takes the place of one that could not be read
function urlLater() {
  clearTimeout(urlTimer);
  urlTimer = setTimeout(() => writeUrl(), QUIET_URL);
}
function writeUrl() {
  clearTimeout(urlTimer);
  urlTimer = 0;
  const q = text(query());
  if (q === refused) return; // a value that cannot be used makes no link
  if (!shownQuery || q !== text(shownQuery)) return urlLater(); // its picture is still to come
  const to = address();
  if (to === location.pathname + location.search + location.hash) return;
  const moved = !rewrite && touched && !equal(query(), experimentPart(location.search)); // a link in other words than ours is no second page
  rewrite = false;
  history[moved ? "pushState" : "replaceState"]({}, "", to);
}
function setView(name, value) {
  if ((view[name] ?? "") === value) return;
  view[name] = value;
  if (ready) urlLater();
}

// ---- what Gradio calls -----------------------------------------------------------------------------------------------------
const bridgeState = { props: null, token: 0, timer: 0 };

/** What a component says; false if that is no news: a number that is being typed, or older than what the page already knows. */
function take(c, v) {
  if (v == null || (v === "" && c.default !== "")) return false;
  if (forced.has(c.id)) {
    if (!same(forced.get(c.id), v)) return false;
    forced.delete(c.id);
  }
  const seen = ahead.get(c.id);
  if (seen && !same(seen.value, v) && performance.now() < seen.until) return false;
  ahead.delete(c.id);
  values[c.id] = v;
  return true;
}
const takeAll = (list) => controls.forEach((c, i) => take(c, list[i]));

function follow() {
  ask(query()); // first: the server works while the page is brought up to date
  show();
  urlLater();
}

// Sliders and number boxes are read from the document: Gradio tells of them tens of milliseconds later, and then confirms.
const AHEAD = 1000, AHEAD_OF_LINK = 3000;
let showing = 0;
const ahead = new Map(); // id → {value, until}: what is heard of a component and differs is older news
const byId = new Map(controls.map((c) => [c.id, c]));
document.addEventListener("input", ({ target }) => {
  if (!ready || settling || !(target instanceof HTMLInputElement) || !/^(range|number)$/.test(target.type)) return;
  if (target.value === "" || !Number.isFinite(+target.value)) return;
  let node = target;
  while (node && !byId.has(node.id)) node = node.parentElement;
  if (!node) return;
  values[node.id] = Number(target.value);
  ahead.set(node.id, { value: values[node.id], until: performance.now() + AHEAD });
  ask(query());
  clearTimeout(showing); // a number changes nothing of what can be chosen: the form waits until the picture is there
  showing = setTimeout(show, 120);
  urlLater();
}, true);
// a hand on a control: from here on what its component says is new
document.addEventListener("pointerdown", ({ target }) => {
  for (let node = target; node instanceof Element; node = node.parentElement) if (byId.has(node.id)) ahead.delete(node.id);
}, true);

export const form = {
  value: (id) => values[id],
  controls,
  choose,
  show,
  tell: (n) => notice(n),
  /** A hand on a picture sets controls: changes = [[path, kind, value], …]. Until it is `done` only the picture follows: the form and the
   * link wait, so that a drag makes one history entry. */
  write(changes, done) {
    touched = performance.now();
    const ids = changes.map(([path, kind, value]) => [control(path, kind).id, value]);
    for (const [id, value] of ids) values[id] = value;
    if (done) for (const [id, value] of ids) force(id, value);
    ask(query());
    if (!done) return;
    show();
    urlLater();
  },
  /** A component changed. */
  changed(id, value) {
    const was = values[id];
    if (!ready || !take(byId.get(id), value) || settling) return;
    if (id === "pg-grid" && was !== value) ownGrid = true;
    if (id === "pg-sampler" && was !== value) keepCalls();
    settle(() => (id === "pg-data" ? settleData() : id === "pg-model" ? settleImages() : id === "pg-guidance" && settleGuidance()));
  },
  /** Python has put a link's values into the components. */
  restored(list) {
    clearTimeout(bridgeState.timer);
    forced.clear();
    ahead.clear();
    takeAll(list);
    // numbers are told one by one, some with the value from before the link, and after this
    for (const c of controls) if (!/pick|choice|free/.test(c.type)) ahead.set(c.id, { value: values[c.id], until: performance.now() + AHEAD_OF_LINK });
    lastProcess = values["pg-process"];
    scheduleOwner = ownerOf(lastProcess);
    ownGrid = strange(values["pg-grid"], lastProcess);
    lastData = values["pg-data"];
    const few = pictures(lastData) && !("particles" in experimentPart(location.search)); // as many images as toys have particles are too many
    if (few) force("pg-particles", config.batch);
    ready = true;
    show();
    if (shownQuery && text(shownQuery) === text(query())) shownValues = { ...values };
    const message = [list[controls.length], viewTold].filter(Boolean).join(" ");
    viewTold = "";
    if (message) notice({ kind: "warning", message, stay: 15000 });
    if (message || !equal(query(), experimentPart(location.search))) {
      ask(query());
      if (message || few) rewrite = true, urlLater(); // when its picture is there the address says what is shown
    }
    const told = new URLSearchParams(location.search).get("data");
    if (told && told !== experimentPart(location.search).data) rewrite = true, urlLater(); // a name of former links
  },
  drawer,
};

addEventListener("popstate", () => {
  clearTimeout(urlTimer);
  urlTimer = 0;
  const q = experimentPart(location.search);
  for (const k of Object.keys(view)) delete view[k];
  for (const [k, v] of new URLSearchParams(location.search)) if (k.startsWith("view.")) view[k.slice(5)] = v;
  viewTold = stage ? checkView() : "";
  viewToStage();
  words?.restore();
  if (equal(q, query())) return tellView();
  values["pg-data"] = q.data ?? config.top.data.default; // what hands hold is read with the picture
  values["pg-model"] = q.model ?? firstModel(values["pg-data"]);
  ask(q); // the picture first, the form follows
  if (!bridgeState.props) return location.reload();
  ready = false;
  bridgeState.props.value = { query: q, token: ++bridgeState.token };
  bridgeState.timer = setTimeout(() => location.reload(), 5000);
});

export const bridge = ({ props, server: s }) => {
  bridgeState.props = props;
  server = s;
  openDoor();
};

// ---- what the labs may use of the page ---------------------------------------------------------------------------------------
let pinned = null;
const queues = new Map(); // layer → {flying, waiting}
const host = {
  get stage() { return stage; },
  get images() { return images; },
  form: form,
  /** The experiment that is shown, as flat names and texts. */
  get query() { return { ...(shownQuery || first.query) }; },
  view,
  setView,
  notice,
  save,
  seek: (c) => stage?.seek?.(c),
  /** A function of the Gradio server, for hosts that let none of our routes through. */
  call: async (name, arg) => (await opened, server[name](arg)),
  failed(name, error) {
    hook.errors.push(`${name}: ${error.message}`);
    console.error(error);
  },
  /** A packet of a lab's layer for the experiment that is shown. One request a layer is in flight and the newest waits; what it
   * displaces rejects with an AbortError. */
  fetch(layer, params = {}) {
    const queue = queues.get(layer) || { flying: false, waiting: null };
    queues.set(layer, queue);
    const asked = Object.fromEntries(Object.entries(params).map(([k, v]) => [`lab.${k}`, String(v)]));
    return new Promise((resolve, reject) => {
      queue.waiting?.reject(new DOMException("a newer one waits", "AbortError"));
      queue.waiting = { resolve, reject, q: { ...(shownQuery || first.query), ...asked } };
      fly(layer, queue);
    });
  },
};
async function fly(layer, queue) {
  if (queue.flying) return;
  queue.flying = true;
  while (queue.waiting) {
    const job = queue.waiting;
    queue.waiting = null;
    try {
      job.resolve(await fetchPacket(layer, "", job.q));
    } catch (error) {
      job.reject(error);
    }
  }
  queue.flying = false;
}

// ---- mounting ----------------------------------------------------------------------------------------------------------------
const mounts = {
  header(root) {
    root.addEventListener("click", (e) => {
      const b = e.target.closest("[data-do]");
      if (b) actions[b.dataset.do]?.(b);
      const page = e.target.closest("nav a")?.dataset.page;
      if (!page) return;
      e.preventDefault();
      turnTo(page);
    });
    for (const menu of root.querySelectorAll("[role=menu]")) {
      menu.addEventListener("keydown", (e) => {
        const items = itemsOf(menu), i = items.indexOf(document.activeElement);
        if (e.key === "ArrowDown") items[(i + 1) % items.length].focus();
        else if (e.key === "ArrowUp") items[(i - 1 + items.length) % items.length].focus();
        else if (e.key === "Escape") openMenu(null);
        else return;
        e.preventDefault();
      });
    }
  },
  summary() { chips(); },
  stage(root) {
    stage = new Stage(root);
    window.__pgStage = stage;
    defaultLayers = layersText(stage.layers);
    images = new Images(stage, {
      stop: () => aborter?.abort(), goOn: () => shownQuery && ask(shownQuery), notice, setView, difference,
      query: () => shownQuery || query(),
      fetchRun: (q) => fetchPacket("run", want().run, q),
    });
    if (shownRun) images.setRun(shownRun);
    stage.on("want", () => refetch());
    stage.on("layers", (names) => setView("layers", layersText(names) === defaultLayers ? "" : layersText(names) || "none"));
    stage.on("settle", (c) => setView("at", settled(c)));
    stage.on("time", (name) => setView("time", name === "t" ? "" : name));
    stage.on("speed", (v) => setView("speed", v === 1 ? "" : String(v)));
    stage.on("loop", (on) => setView("loop", on ? "" : "off"));
    stage.on("color", (c) => setView("color", String(c ?? "")));
    stage.on("cursor", (info) => {
      if (stage.playing && view.at) setView("at", "");
      cursorInfo = info;
      images.cursor(info);
      also(labs, "cursor", info);
      also(panel, "cursor", info);
      also(words, "cursor", info);
    });
    stage.on("pin", (pin) => {
      pinned = pin;
      setView("pin", Pin.text(pin));
      also(labs, "pin", pin);
    });
    stage.on("toggle-mode", (mode) => setRadio("pg-mode", typeof mode === "string" && /^(reverse|forward)$/.test(mode) ? mode : values["pg-mode"] === "reverse" ? "forward" : "reverse"));
    viewTold = checkView();
    viewToStage();
    if (ready) tellView();
    waiting.splice(0).forEach((fn) => fn(stage));
    refetch(); // the layers of a link may need more than what was asked for before the stage was there
  },
  lesson(root) {
    words = new Words(root, host);
    beside(words, shownRun);
  },
  labs(root) {
    labs = new Labs(root, host);
    if (pinned) also(labs, "pin", pinned);
    beside(labs, shownRun);
    if (!working) metricsLater();
  },
  panel(root) {
        panel = new StepPanel(root);
    beside(panel, shownRun);
  },
  status(root) {
    status = new Status(root);
    if (shownRun) tellStatus(shownRun, 0);
  },
};
export const mount = (name, element) => {
  element.classList.add("pg-root");
  mounts[name](name === "header" ? element : element.firstElementChild || element);
};

const layersText = (names) => (Array.isArray(names) ? names : names instanceof Set ? [...names] : Object.keys(names || {}).filter((k) => names[k])).join(",");
const settled = (moment) => (stage.playing ? "" : String(moment.at));
let defaultLayers = "", viewTold = "";
// what a link may say of the view: here, and in the labs
export const viewNames = new Set([..."at lab time color keep loop speed layers pin compare example".split(" "), ...config.labs.flatMap((lab) => lab.view)]);
function tellView() {
  if (!viewTold) return;
  notice({ kind: "warning", message: viewTold, stay: 15000 });
  viewTold = "";
  rewrite = true;
  urlLater();
}
/** What a link says of the view and cannot be used is left out and told. */
function checkView() {
  const one = (list) => (v) => list.includes(v) ? "" : `one of ${list.join(", ")}`;
  const layers = [...LAYER_KEYS, "none"];
  const rules = {
    at: (v) => (v !== "" && Number(v) >= 0 && Number(v) <= 1 ? "" : "a number from 0 to 1"),
    lab: one(labKeys()), time: one(Object.keys(time.scales)), color: one(["class"]), keep: one(["calls"]), loop: one(["off"]),
    speed: one(SPEEDS.map(String)),
    layers: (v) => (v.split(",").every((name) => layers.includes(name)) ? "" : `names of ${layers.join(", ")}`),
  };
  const told = [];
  for (const [name, value] of Object.entries(view)) {
    const no = value && (rules[name] ? rules[name](value) : viewNames.has(name.split(".")[0]) ? "" : "no such name");
    if (!no) continue;
    told.push(`view.${name} = ${value.slice(0, 40)} (${no})`);
    delete view[name];
  }
  return told.length ? `Not readable in this link: ${told.slice(0, 3).join("; ")}.` : "";
}
function viewToStage() {
  if (!stage) return;
  const layers = view.layers || defaultLayers, at = view.at;
  if (layers !== (layersText(stage.layers) || "none")) stage.setLayers(layers.split(","));
  stage.setColor(view.color || "");
  time.choose(view.time || "t");
  stage.speed = Number(view.speed || 1);
  stage.loop = view.loop !== "off";
  toldCost();
  if (at && Number.isFinite(+at)) stage.seek(+at);
  stage.setPin(view.pin || "");
  images?.compare.restore(view.compare || "");
  labs?.open(view.lab || "curves");
}
function refetch() {
  if (!shownQuery) return;
  const w = want();
  if (w.run && current !== `${text(shownQuery)}|${w.run}`) return ask(shownQuery);
  if (w.fields && w.fields !== fieldsShown.want) {
    fields = { q: shownQuery, key: shownRun?.header?.fields_key || text(shownQuery), want: w.fields };
    pump();
  }
}

// ---- the header's buttons ------------------------------------------------------------------------------------------------------
async function copy(words, button) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const box = el("textarea", { value: words, className: "pg-offscreen" });
    document.body.append(box);
    box.select();
    document.execCommand("copy"); // plain http has no clipboard
    box.remove();
  }
  hook.copied = words;
  const was = button.dataset.was || (button.dataset.was = button.textContent);
  button.style.minWidth = `${button.offsetWidth}px`;
  button.textContent = "Copied";
  clearTimeout(button.pgTimer);
  button.pgTimer = setTimeout(() => (button.textContent = was), 1400);
}
function save(blob, name) {
  const a = el("a", { href: typeof blob === "string" ? blob : URL.createObjectURL(blob), download: name });
  document.body.append(a);
  a.click();
  a.remove();
  if (typeof blob !== "string") setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}
/** What tells two queries apart, in words of either side. */
function difference(a, b) {
  const word = (q, name) => {
    const at = config.top[name], v = q[name] ?? config.fallback[q.process ?? config.top.process.default.process]?.[name] ?? at?.default?.[name] ?? at?.default;
    return at?.family ? title(at.family, v) : name === "data" ? dataTitle(v, q.model ?? firstModel(v)) : name === "model" ? "" : v == null ? "" : `${name.split(".").pop().replace("_", " ")} ${v}`;
  };
  const usual = (name) => controls.find((c) => c.path === name)?.default;
  const told = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .map((name) => [a, b].map((q) => word(name in q || name in config.top ? q : { ...q, [name]: usual(name) }, name)))
    .filter(([x, y]) => x !== y);
  return [0, 1].map((side) => told.map((pair) => pair[side]).filter(Boolean).join(", "));
}
const fileName = () => shownRun?.header.name ?? "diffusion-playground"; // what the server calls it
const itemsOf = (menu) => [...menu.querySelectorAll("[role=menuitem]")].filter((item) => item.getClientRects().length);
/** Opens the header's menu of this button and closes the others; null closes all. */
function openMenu(button) {
  for (const menu of document.querySelectorAll(".pg-menu-list")) {
    const its = menu.parentElement.querySelector("[data-do=menu]");
    const had = menu.contains(document.activeElement);
    menu.hidden = its !== button;
    its.setAttribute("aria-expanded", String(!menu.hidden));
    if (!menu.hidden) itemsOf(menu)[0].focus();
    else if (had && !button) its.focus();
  }
}
document.addEventListener("pointerdown", (e) => {
  if (!e.target.closest?.(".pg-menu")) openMenu(null);
});
const liveUrl = (name) => {
  const url = new URL(`live/${name}`, document.baseURI);
  url.search = new URLSearchParams({ ...(shownQuery || query()), ...(view.color ? { "view.color": view.color } : {}) });
  return url;
};
const actions = {
  link(button) {
    writeUrl();
    copy(new URL(address(), location.href).href, button);
  },
  async python(button) {
    await opened;
    try {
      const answer = await server.python_of(shownQuery ?? query());
      if (answer.error) return notice({ kind: "error", message: answer.error.message });
      await copy(answer.code, button);
    } catch {
      notice({ kind: "error", message: "The server does not answer.", action: { label: "Try again", run: () => actions.python(button) } });
    }
  },
  "more-link": (button) => actions.link(button), // a phone has them in one menu with the exports
  "more-python": (button) => actions.python(button),
  menu(button) { openMenu(button.getAttribute("aria-expanded") === "true" ? null : button); },
  async png() {
    openMenu(null);
    const made = shownRun?.header.image ? await images.toBlob() : stage?.toBlob ? await stage.toBlob() : await new Promise((done) => document.querySelector("#pg-stage canvas")?.toBlob(done));
    if (made) save(made, `${fileName()}.png`);
  },
  csv() {
    openMenu(null);
    const kind = shownRun?.header.image ? "npz" : "csv"; // images are too large for text
    save(liveUrl(`states.${kind}`).href, `${fileName()}.${kind}`);
  },
  gif: () => film("gif"),
  mp4: () => film("mp4"),
  theme() { theme.toggle(); },
  intro() { openMenu(null); words?.intro.show(); },
  glossary() { openMenu(null); words?.glossary.open(); },
  keys() { openMenu(null); stage?.keys.toggle(); },
  drawer() { drawer(!document.body.classList.contains("pg-drawer-open")); },
};

/** The whole run as a moving picture: drawn by the page, joined by the server, which says how far it is. */
async function film(kind) {
  openMenu(null);
  const abort = new AbortController();
  const tell = (message) => notice({ kind: "info", message, stay: 60000, action: { label: "Cancel", run: () => abort.abort() } });
  try {
    tell("Drawing the film…");
    const url = liveUrl(`film.${kind}`), name = fileName(), { signal } = abort;
    const { body, times, ms } = await filmOf(stage, images, kind, { signal, tell: (done, of) => tell(`Drawing the film: ${done} of ${of} frames`) });
    url.search = new URLSearchParams({ times, ms });
    const response = await fetch(url, { method: "POST", body, signal });
    if (!response.ok) throw new Refused((await response.json()).error);
    for await (const line of linesOf(response.body)) {
      if (line.error) throw new Refused(line.error);
      if (!line.film) line.done % 5 || tell(`Joining the film: ${Math.min(line.done, line.of)} of ${line.of} frames`);
      else {
        save(new Blob([Uint8Array.from(atob(line.film), (c) => c.charCodeAt(0))], { type: line.type }), `${name}.${kind}`);
        notice({ kind: "info", message: `Saved ${name}.${kind}`, stay: 4000 });
      }
    }
  } catch (error) {
    if (error.name === "AbortError") return clearNotice();
    notice({ kind: "error", message: error instanceof Refused ? error.message : "The film could not be made.", action: { label: "Try again", run: () => film(kind) } });
  }
}

// ---- the drawer of a phone: a sheet from below, so that the stage stays in sight while one chooses -------------------------------
function drawer(open, section) {
  const left = document.querySelector("#pg-left"), button = document.querySelector("[data-do=drawer]");
  if (!left.querySelector(".pg-done")) {
    const x = el("button", { type: "button", className: "pg-done", textContent: "Done" });
    x.addEventListener("click", () => drawer(false));
    left.prepend(x);
  }
  document.body.classList.toggle("pg-drawer-open", open);
  button?.setAttribute("aria-expanded", String(open));
  if (open) {
    scrollTo({ top: 0 });
    document.querySelector(".pg-page")?.scrollTo({ top: 0 });
    if (section) left.scrollTop = document.getElementById(section).offsetTop - 44;
    left.querySelector(".pg-done").focus({ preventScroll: true });
  } else if (left.contains(document.activeElement)) button?.focus();
}
addEventListener("keydown", (e) => {
  if (e.key !== "Escape" || e.defaultPrevented) return;
  if (document.querySelector(".pg-menu-list:not([hidden])")) openMenu(null);
  else if (document.body.classList.contains("pg-drawer-open")) drawer(false);
});

// ---- start: the picture of the address, asked for by boot.js ---------------------------------------------------------------------
for (const [path, value] of Object.entries(first.query)) {
  const c = byPath.get(`${path}|`);
  if (c && !c.kind && c.type === "pick") values[c.id] = value; // so that the right parameters are shown from the start
}
values["pg-model"] = first.query.model ?? firstModel(values["pg-data"]);
const only = who()?.own?.process; // a model that knows one process brings it
if (only && !first.query.process) values["pg-process"] = lastProcess = only;
for (const [slot, key] of Object.entries(config.fallback[values["pg-process"]] ?? {})) if (!(slot in first.query)) values[`pg-${slot}`] = key;
show();
ask(first.query, first.response);
setTimeout(() => { // the restoring call has failed, or is slow: the link's values are put into the form from here
  if (ready || bridgeState.timer) return;
  for (const c of controls) {
    const told = first.query[c.path], outer = c.path.slice(0, c.path.lastIndexOf("."));
    if (told === undefined || (c.kind && c.kind !== (first.query[outer] ?? at(outer)))) continue;
    force(c.id, /pick|choice|free/.test(c.type) ? told : /flag/.test(c.type) ? told === "true" : Number(told));
  }
  lastProcess = values["pg-process"];
    scheduleOwner = ownerOf(lastProcess);
  lastData = values["pg-data"];
  ready = true;
  show();
}, SLOW_START);
