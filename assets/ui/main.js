// The page's one door for Gradio, which knows only `window`: what its components call when they mount and when they change (playground/ui/page.py, form.py, picker.py).
import { form, why } from "./form/form.js";
import { hook } from "./form/hook.js";
import { hub } from "./form/hub.js";
import "./form/own-images.js";
import { text } from "./form/query.js";
import { frameAt } from "./images/draw.js";
import { setNumber } from "./lib/boxes.js";
import { mixture } from "./lib/mixture.js";
import { time } from "./lib/time.js";
import { layer } from "./stage/layers.js";

/** @type {import("./page.js").Door} */
const door = {
  mount: form.mounts.mount,
  picker: (component) => form.pickers.mount(component),
  rail: (component) => form.pickers.mountRail(component, (id) => form.value(id)),
  hub,
  calls: (element) => form.cost.mount(element),
  bridge({ props, server }) {
    form.bridge.props = props;
    form.transport.open(server);
  },
  form,
};
window.PG = door;

// for tests and benchmarks
window.__pg = Object.defineProperties(Object.assign(hook, {
  form, frameAt, mixture, setNumber, time, why,
  query: () => form.chosen.query(),
  /** The experiment that is on the stage, as one text. */
  shown: () => text(form.loop.shown?.q ?? {}),
}), {
  seq: { get: () => form.loop.seq }, // changes that asked for a picture
  requests: { get: () => form.transport.runs }, // runs asked for
  asked: { get: () => form.transport.asked },
  pending: { get: () => form.pending },
  images: { get: () => form.parts.images },
  ready: { get: () => form.chosen.ready },
  settled: { get: () => form.settled },
});

/** How layers are drawn, by their keys; which there are says Python, in the document's head.
 * @param {Record<string, object>} layers */
export function start(layers) {
  for (const [key, drawings] of Object.entries(layers)) layer(key, drawings);
}
