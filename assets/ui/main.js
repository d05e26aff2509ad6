// The page's one door for Gradio, which knows only `window`: what its components call when they mount and when they change (playground/ui/page.py, form.py, picker.py).
import { bridge, calls, form, mount, shown, why } from "./form/form.js";
import { hub } from "./form/hub.js";
import "./form/own-images.js";
import { picker, rail } from "./form/picker.js";
import { frameAt } from "./images/draw.js";
import { setNumber } from "./lib/boxes.js";
import { mixture } from "./lib/mixture.js";
import { time } from "./lib/time.js";
import { layer } from "./stage/layers.js";

window.PG = { mount, picker, rail, hub, calls, bridge, form };
Object.assign(window.__pg, { form, frameAt, mixture, setNumber, shown, time, why }); // for tests and benchmarks

/** layers: {key: how it is drawn}; which there are says Python, in the document's head. */
export function start(layers) {
  for (const [key, drawings] of Object.entries(layers)) layer(key, drawings);
}
