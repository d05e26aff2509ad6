// Images of a packet as pictures, and rows of them.
import { penOf } from "../lib/dom.js";
import { momentsOf } from "../stage/run.js";

/**
 * @typedef {import("../python.js").RunHeader} RunHeader
 * @typedef {import("../lib/packet.js").Codes} Codes
 * @typedef {import("./kinds.js").Kind} Kind
 *
 * @typedef {{header: RunHeader, arrays: Record<string, import("../lib/packet.js").PacketArray>}} AnyRun  its packet, or the stage's Run
 * @typedef {NonNullable<RunHeader["image"]> & {final?: number[]}} ImageInfo
 *   final: channels, height and width of the decoder's pictures, where the states are something smaller
 * @typedef {AnyRun & {header: {image: ImageInfo}}} ImageRun
 * @typedef {[bytes: Codes, from: number, event: number[]]} Image  event: channels, height, width
 */

/** A run of images, or null of any other. @param {AnyRun | null | undefined} run */
export const ofImages = (run) => (run?.header.image ? /** @type {ImageRun} */ (run) : null);

/**
 * Draws one image of an array of bytes (…, channels, h, w) that starts at `from` into a canvas of its size.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} bytes
 * @param {number} from
 * @param {number[]} event
 * @param {number} [share]  only so much of it, from the left
 */
export function drawImage(canvas, bytes, from, [channels, h, w], share = 1) {
  if (canvas.width !== w || canvas.height !== h) (canvas.width = w), (canvas.height = h);
  const picture = new ImageData(w, h), size = h * w, out = picture.data;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[from + (channels === 3 ? c * size : 0) + i];
    out[4 * i + 3] = 255;
  }
  penOf(canvas).putImageData(picture, 0, 0, 0, 0, Math.round(share * w), h);
}

/** Numbers in one image. @param {number[]} event */
export const sizeOf = (event) => event.reduce((a, b) => a * b, 1);
/** The frame of a run at a clock: the last state that was reached by then. @param {AnyRun} run @param {number} [clock] */
export const frameAt = (run, clock) => momentsOf(run).at(clock ?? 0).frame;
/**
 * Image n of a run at a frame; null if the run has no images of this kind.
 * @param {ImageRun} run
 * @param {Kind} kind
 * @param {number} frame
 * @param {number} n
 * @returns {Image | null}
 */
export function imageAt(run, kind, frame, n) {
  const { shown, event, final } = run.header.image, { clock, time, [`image/${kind}`]: images } = run.arrays;
  // the decoder's own picture of the last state, larger than those on the way; at t = 0 it is x̂₀ too
  const last = frame === clock.data.length - 1;
  if (final && last && (kind === "x" || (kind === "x0" && time.data[frame] === 0))) return [run.arrays["image/final"].data, n * sizeOf(final), final];
  return images ? [images.data, (frame * shown + n) * sizeOf(event), event] : null;
}
/**
 * Grey where there is nothing to be shown.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} event
 * @param {number} [share]  only so much of it, from the left
 */
export function blankImage(canvas, [, h, w], share = 1) {
  if (!canvas.width || share === 1) (canvas.width = w), (canvas.height = h);
  const ctx = penOf(canvas);
  ctx.fillStyle = "#8a8f98";
  ctx.fillRect(0, 0, Math.round(share * canvas.width), canvas.height);
}

/**
 * Says at which of its ends a row that scrolls goes on: its edges fade there. With a label the keyboard can stop at it and scroll. What it gives looks again.
 * @param {HTMLElement} row
 * @param {string} [label]
 */
export function edges(row, label = "") {
  const look = () => {
    const left = row.scrollLeft > 2, right = row.scrollLeft + row.clientWidth < row.scrollWidth - 2;
    row.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
    if (!label) return;
    const scrolls = left || right || row.scrollHeight > row.clientHeight + 2;
    if (scrolls === row.hasAttribute("tabindex")) return;
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", label]]) {
      if (scrolls) row.setAttribute(name, value);
      else row.removeAttribute(name);
    }
  };
  row.addEventListener("scroll", look, { passive: true });
  const watch = new ResizeObserver(look);
  for (const node of [row, ...row.children]) watch.observe(node);
  return look;
}
/** Brings a child of a row into view. Within the row only: the page stays where it is. @param {Element} row @param {Element} child */
export const reveal = (row, child) => {
  const { left, right } = row.getBoundingClientRect(), at = child.getBoundingClientRect();
  if (at.left < left + 4 || at.right > right - 4) row.scrollLeft += (at.left + at.right) / 2 - (left + right) / 2;
};
