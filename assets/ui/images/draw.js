// Images of a packet as pictures, and rows of them.
import { momentsOf } from "../stage/run.js";

/** Draws one image of an array of bytes (…, channels, h, w) that starts at `from` into a canvas of its size; `share`: only so much, from the left. */
export const drawImage = function (canvas, bytes, from, [channels, h, w], share = 1) {
  if (canvas.width !== w || canvas.height !== h) (canvas.width = w), (canvas.height = h);
  const picture = new ImageData(w, h), size = h * w, out = picture.data;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[from + (channels === 3 ? c * size : 0) + i];
    out[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0, 0, 0, Math.round(share * w), h);
};

export const sizeOf = (event) => event.reduce((a, b) => a * b, 1);
/** The frame of a run at a clock: the last state that was reached by then. */
export const frameAt = (run, clock) => momentsOf(run).at(clock ?? 0).frame;
/** [bytes, from, event] of image n of a run at a frame; null if the run has no images of this kind. */
export const imageAt = function (run, kind, frame, n) {
  const { shown, event, final } = run.header.image, { clock, time, [`image/${kind}`]: images } = run.arrays;
  // the decoder's own picture of the last state, larger than those on the way; at t = 0 it is x̂₀ too
  const last = frame === clock.data.length - 1;
  if (final && last && (kind === "x" || (kind === "x0" && time.data[frame] === 0))) return [run.arrays["image/final"].data, n * sizeOf(final), final];
  return images ? [images.data, (frame * shown + n) * sizeOf(event), event] : null;
};
/** Grey where there is nothing to be shown: `share` of it, from the left. */
export const blankImage = function (canvas, [, h, w], share = 1) {
  if (!canvas.width || share === 1) (canvas.width = w), (canvas.height = h);
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#8a8f98";
  ctx.fillRect(0, 0, Math.round(share * canvas.width), canvas.height);
};

/** Says at which of its ends a row that scrolls goes on: its edges fade there. With a `label` the keyboard can stop at it and scroll. */
export const edges = function (row, label = "") {
  const look = () => {
    const left = row.scrollLeft > 2, right = row.scrollLeft + row.clientWidth < row.scrollWidth - 2;
    row.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
    if (!label) return;
    const scrolls = left || right || row.scrollHeight > row.clientHeight + 2;
    if (scrolls === row.hasAttribute("tabindex")) return;
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", label]]) scrolls ? row.setAttribute(name, value) : row.removeAttribute(name);
  };
  row.addEventListener("scroll", look, { passive: true });
  const watch = new ResizeObserver(look);
  for (const node of [row, ...row.children]) watch.observe(node);
  return look;
};
/** Within the row only: the page stays where it is. */
export const reveal = (row, child) => {
  const { left, right } = row.getBoundingClientRect(), at = child.getBoundingClientRect();
  if (at.left < left + 4 || at.right > right - 4) row.scrollLeft += (at.left + at.right) / 2 - (left + right) / 2;
};
