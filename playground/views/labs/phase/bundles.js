// Paths over exact marginals: the parts "paths" (VP beside CLD's x and v) and "damping" (three frictions, x above v).
import { say } from "./friction.js";
import { frame, heat, timeline } from "./plots.js";

/** @typedef {import("./packets.js").Bundle} Bundle */
/** @typedef {import("./plots.js").Rect} Rect */
/** @typedef {import("../../lib/packet.js").Packet<import("./packets.js").Bundles>} BundlesPacket */
/** @typedef {{bundle: Bundle, component: number, box: Rect, title: string, side: string, last: boolean}} Cell side: what stands on its left; last: nothing is below it */

const NARROW = 480; // px; below it the cells of "paths" stand one under the other
const LEFT = 20, TOP = 16, GAP = 12, FOOT = 15, ACROSS = 3;
const ROLES = ["sampler", "exact", "pin"]; // of the paths

/** What stands where. @param {Bundle[]} bundles @param {"paths" | "damping"} part @param {number} width @param {number} height @returns {Cell[]} */
export function cellsOf(bundles, part, width, height) {
  const paths = part === "paths", narrow = paths && width < NARROW, columns = narrow ? 1 : ACROSS, rows = narrow ? 3 : paths ? 1 : 2;
  const rowGap = narrow ? 20 : 5, w = (width - LEFT - GAP * (columns - 1) - 2) / columns, h = (height - TOP - FOOT - rowGap * (rows - 1)) / rows;
  return bundles.flatMap((bundle, n) => bundle.components.map((c, component) => {
    const place = paths ? n + component : n, x = narrow ? 0 : place, y = narrow ? place : paths ? 0 : component;
    return {
      bundle, component, box: { x: LEFT + x * (w + GAP), y: TOP + y * (h + rowGap), w, h },
      title: paths ? `${bundle.title}  ${c.label}(t)` : component === 0 ? `${bundle.title}  Γ = ${say(bundle.friction ?? NaN)}` : "",
      side: !paths && x === 0 ? c.label : "", last: y === rows - 1,
    };
  }));
}

/** What the picture is, in words. */
export const BUNDLE_WORDS = {
  paths: "True forward paths from the same three data points and seed. VP (its default β from 0.1 to 20) puts noise into x itself; CLD puts it into v, and x is its smooth integral.",
  damping: "Same data points, noise and M. Too little friction: v swings before it forgets. Too much: x creeps to the prior.",
};

/**
 * @param {BundlesPacket} packet
 * @param {"paths" | "damping"} part
 * @param {() => number | null} clock of the cursor
 * @param {Map<string, HTMLCanvasElement>} pictures of marginals, in the colours of now
 * @returns {import("./plots.js").Draw}
 */
export const drawBundles = (packet, part, clock, pictures) => (ctx, width, height, theme) => {
  for (const { bundle, component, box, title, side, last } of cellsOf(packet.header.items, part, width, height)) {
    const c = bundle.components[component], key = `${bundle.id}/density:${c.name}`, made = pictures.get(key) ?? heat(packet.arrays[key], theme("data"));
    pictures.set(key, made);
    ctx.drawImage(made, box.x, box.y, box.w, box.h);
    frame(ctx, box, theme);
    drawPaths(ctx, packet, bundle, component, box, theme);
    ctx.fillStyle = theme("ink");
    ctx.fillText(title, box.x, box.y - 5);
    ctx.fillText(side, 4, box.y + box.h / 2 + 4);
    timeline(ctx, box, theme, clock(), last);
  }
};

/** @param {CanvasRenderingContext2D} ctx @param {BundlesPacket} packet @param {Bundle} bundle @param {number} component @param {Rect} box @param {import("./plots.js").Theme} theme */
function drawPaths(ctx, packet, bundle, component, box, theme) {
  const array = packet.arrays[`${bundle.id}/paths`], z = array.floats(), [times, k, n] = array.shape, { lo, hi } = bundle.components[component];
  const clock = packet.arrays.clock.floats();
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.x, box.y, box.w, box.h);
  ctx.clip();
  ctx.lineWidth = 1.3;
  ctx.lineJoin = "round";
  for (let m = 0; m < Math.min(n, ROLES.length); m++) {
    ctx.strokeStyle = theme(ROLES[m]);
    ctx.beginPath();
    for (let t = 0; t < times; t++) {
      const v = z[(t * k + component) * n + m];
      ctx.lineTo(box.x + (1 - clock[t]) * box.w, box.y + ((hi - v) / (hi - lo)) * box.h);
    }
    ctx.stroke();
  }
  ctx.restore();
}
