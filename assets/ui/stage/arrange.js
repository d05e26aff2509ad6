// Where each panel of a run stands on the stage.
import { Plane } from "./plane.js";
import { Spacetime } from "./spacetime.js";
import { Shares, Symbols } from "./symbols.js";
import { Torus } from "./torus.js";

const KINDS = { plane: Plane, torus: Torus, spacetime: Spacetime, shares: Shares, symbols: Symbols };

// First panel at the left with its share of the width, the others above each other at its right; narrow: all stacked.
function arrange(specs, width, height, head, stacked, images) {
  const panels = specs.map((spec) => new KINDS[spec.kind](spec));
  const alone = panels.length === 1;
  // a lone plane fills the stage and the legend floats over it, unless there is room to spare above
  const plane = alone && specs[0].kind === "plane" && specs[0];
  if (plane && images) {
    panels[0].place({ x: images.w >= width ? 0 : images.w, y: head, w: (images.w >= width ? width : width - images.w) - 12, h: height - head - 4 }, 0);
    return panels;
  }
  if (plane) {
    const spare = height - (width * (plane.b.hi - plane.b.lo)) / (plane.a.hi - plane.a.lo);
    panels[0].full = spare < head;
    panels[0].covered = panels[0].full ? head : 0;
    panels[0].alone = true;
    panels[0].place({ x: 0, y: 0, w: width, h: height }, spare < head ? 0 : head);
    return panels;
  }
  const total = specs.reduce((sum, s) => sum + s.weight, 0);
  if (alone || stacked) {
    let y = head;
    panels.forEach((panel, n) => {
      const h = ((height - head) * naturalHeight(specs[n])) / specs.reduce((sum, s) => sum + naturalHeight(s), 0);
      panel.place({ x: 0, y, w: width, h }, 0);
      y += h;
    });
    return panels;
  }
  const left = (width * specs[0].weight) / total, rest = total - specs[0].weight;
  panels[0].place({ x: 0, y: 0, w: left, h: height }, head);
  let y = head;
  panels.slice(1).forEach((panel, n) => {
    const h = ((height - head) * specs[n + 1].weight) / rest;
    panel.place({ x: left, y, w: width - left, h }, 0);
    y += h;
  });
  return panels;
}

// height over width that a panel wants when panels are stacked
function naturalHeight(spec) {
  if (spec.kind === "torus") return 1;
  if (spec.kind !== "plane") return 0.62;
  return spec.a.label[0] === spec.b.label[0] ? (spec.b.hi - spec.b.lo) / (spec.a.hi - spec.a.lo) : 0.78;
}

export { arrange, naturalHeight };
