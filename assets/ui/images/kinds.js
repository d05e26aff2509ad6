// What of a run is shown as images.

/** @typedef {"x" | "x0" | "v"} Kind */

/** The word for a page, for a picture's caption, and what it means. @type {Record<Kind, {word: string, plain: string, tip: string}>} */
export const KINDS = {
  x: { word: "x<sub>t</sub>", plain: "x_t", tip: "The sampler’s states: noise that becomes an image." },
  x0: { word: "x̂<sub>0</sub>", plain: "x̂_0", tip: "x̂₀, the image that the model expects behind each state." },
  v: { word: "v<sub>t</sub>", plain: "v_t", tip: "The velocities of critically damped Langevin diffusion; grey is rest." },
};
/** @type {Record<Kind, string>} */
export const SAID = { x: "the state x_t", x0: "what the model expects", v: "the velocity v_t" };
/** @type {Kind[]} */
export const kinds = ["x", "x0", "v"];
