// The picker: tiles (distributions), pills (processes) and menus (schedule, sampler, grid), and the logarithmic rail.
// One radiogroup or listbox each, with a roving tabindex; what cannot be chosen stays visible and says why.
import { el } from "../lib/dom.js";
import { form, idle, more, why } from "./form.js";
import { setNumber } from "../lib/boxes.js";
import { theme } from "../lib/start.js";
import { tip } from "../lib/tip.js";

// ---- thumbnails ---------------------------------------------------------------------------------------------------------
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim() || "#0072B2";
const thumbs = new Set();

function draw(canvas) {
  const { kind, data } = canvas.pg;
  const r = canvas.getBoundingClientRect();
  if (!r.width) return;
  const d = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.round(r.width * d);
  canvas.height = Math.round(r.height * d);
  const g = canvas.getContext("2d");
  const w = canvas.width, h = canvas.height, pad = 3 * d;
  const X = (v) => pad + (v / 255) * (w - 2 * pad), Y = (v) => h - pad - (v / 255) * (h - 2 * pad);
  g.fillStyle = g.strokeStyle = colour(["points", "density", "bars"].includes(kind) ? "--pg-data" : kind === "dots" ? "--pg-sampler" : "--pg-exact");
  if (kind === "points") {
    const side = Math.min(w, h), dx = (w - side) / 2, dy = (h - side) / 2, size = 1.15 * d;
    g.globalAlpha = 0.6;
    for (let i = 0; i < data.length; i += 2) {
      g.fillRect(dx + pad + (data[i] / 255) * (side - 2 * pad) - size / 2, dy + side - pad - (data[i + 1] / 255) * (side - 2 * pad) - size / 2, size, size);
    }
  } else if (kind === "bars") {
    const wide = (w - 2 * pad) / data.length;
    g.globalAlpha = 0.75;
    data.forEach((v, i) => g.fillRect(pad + i * wide, Y(v), Math.max(1, wide - d), h - pad - Y(v)));
  } else if (kind === "dots") {
    g.globalAlpha = 0.35;
    g.fillRect(pad, h / 2 - d / 2, w - 2 * pad, d);
    g.globalAlpha = 1;
    for (const v of data) {
      g.beginPath();
      g.arc(X(v), h / 2, 1.5 * d, 0, 7);
      g.fill();
    }
  } else {
    g.beginPath();
    data.forEach((v, i) => g[i ? "lineTo" : "moveTo"](X((255 * i) / (data.length - 1)), Y(v)));
    g.lineWidth = 1.3 * d;
    g.lineJoin = "round";
    g.stroke();
    if (kind === "density") {
      g.lineTo(w - pad, h - pad);
      g.lineTo(pad, h - pad);
      g.globalAlpha = 0.22;
      g.fill();
    }
  }
}
const redraw = () => {
  for (const canvas of thumbs) canvas.isConnected ? draw(canvas) : thumbs.delete(canvas);
};
theme?.on(() => requestAnimationFrame(redraw));
const resized = new ResizeObserver((entries) => entries.forEach((e) => draw(e.target)));

function thumb(choice, className = "pg-thumb") {
  if (!choice.thumb) return null;
  const canvas = el("canvas", { className });
  canvas.setAttribute("aria-hidden", "true");
  canvas.pg = { kind: choice.kind, data: bytes(choice.thumb) };
  thumbs.add(canvas);
  resized.observe(canvas);
  return canvas;
}

// ---- pickers -------------------------------------------------------------------------------------------------------------
export const pickers = {};
/** The worlds of the data that are chosen (Choice.world of picker.py); data of one's own are of the first one's. */
export const worlds = () => {
  const { choices = [], value } = pickers.data ?? {};
  return (choices.find((c) => c.key === value) ?? choices[0])?.world.split(" ") ?? [];
};
const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "");

/** Called by js_on_load of every picker; ``props.value`` is the component's value, for Python and for the API. */
export const picker = ({ element, props, watch }) => {
  const { layout, slot, label } = props.payload;
  let { choices } = props.payload;
  const host = element.querySelector(".pg-picker") || element;
  const picker = { slot, choices, boxes: new Map(), get value() { return props.value; }, set, refresh: () => {} };
  pickers[slot] = picker;
  const refusal = (key) => why(slot, key);
  /** Is an entry of the world of the data that are chosen? What is of none, or chosen itself, is of all. */
  const here = (c) => slot === "data" || !c.world || c.key === props.value || worlds().some((word) => c.world.split(" ").includes(word));
  const tipOf = (c) => (refusal(c.key) ? `${c.title}: ${refusal(c.key)}\n${c.tip}` : c.tip.startsWith(c.title) ? c.tip : `${c.title}: ${c.tip}`);

  function set(key) {
    if (key !== props.value) props.value = key; // fires the component's change event
    picker.refresh();
  }
  function choose(key) {
    if (refusal(key)) return false;
    if (key !== props.value) set(key);
    return true;
  }
  let typed = "", typedAt = 0;
  /** Index of the next entry that starts with what is being typed. */
  function typeAhead(key, list, from) {
    if (key.length !== 1 || key === " ") return -1;
    const now = performance.now();
    typed = now - typedAt > 700 ? key : typed + key;
    typedAt = now;
    const want = plain(typed), start = typed.length > 1 ? from : from + 1;
    for (let i = 0; i < list.length; i++) {
      const at = (start + i) % list.length;
      if (plain(list[at].title).startsWith(want)) return at;
    }
    return -1;
  }
  (layout === "menu" ? menu : radios)();
  watch("value", () => {
    // the template is constant, but Gradio may have rendered it anew
    if (!element.contains(picker.root)) (element.querySelector(".pg-picker") || element).replaceChildren(picker.root);
    picker.refresh();
  });
  picker.refresh();

  function radios() {
    const root = (picker.root = el("div", { className: "pg-radios" }));
    root.setAttribute("role", "radiogroup");
    root.setAttribute("aria-label", label);
    const all = [];
    const groups = [...new Set(choices.map((c) => c.group))];
    /** Of entries that are offered for another picker's value: the group that is now. */
    const now = () => (props.payload.of ? (picker.boxes.has(pickers[props.payload.of]?.value) ? pickers[props.payload.of].value : "") : null);
    function boxOf(group, page) {
      if (picker.boxes.has(group)) return picker.boxes.get(group);
      const box = el("div", { className: "pg-group" }), last = [...picker.boxes.values()].at(-1);
      if (groups.length > 1) box.dataset.group = group;
      if (page) box.dataset.page = page;
      last ? last.after(box) : root.append(box);
      picker.boxes.set(group, box);
      return box;
    }
    choices.forEach(item);
    function item(c) {
      const b = el("button", { type: "button", className: `pg-item pg-kind-${c.kind || "word"}` });
      b.setAttribute("role", "radio");
      b.dataset.key = c.key;
      b.append(thumb(c) || c.title);
      if (b.textContent !== c.title) b.setAttribute("aria-label", c.title);
      if (!c.thumb && c.hint) b.append(el("span", { className: "pg-hint", textContent: c.hint }));
      b.pg = c;
      b.addEventListener("click", () => choose(c.key));
      all.push(b);
      boxOf(c.group, c.page).append(b);
    }
    /** Another entry, in the last place or in its group. */
    picker.add = (c) => {
      if (all.some((b) => b.pg.key === c.key && b.pg.group === c.group)) return;
      choices.push(c);
      item(c);
      picker.refresh();
    };
    /** Takes a group off the page. */
    picker.drop = (group) => {
      for (const list of [all, choices]) for (let i = list.length - 1; i >= 0; i--) if ((list[i].pg ?? list[i]).group === group) list.splice(i, 1);
      picker.boxes.get(group)?.remove();
      picker.boxes.delete(group);
      picker.refresh();
    };
    root.addEventListener("keydown", (e) => {
      const items = all.filter((b) => b.offsetParent), at = items.indexOf(document.activeElement); // toys and images hide each other
      if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
      let to = -1;
      if (e.key === "ArrowRight") to = (at + 1) % items.length;
      else if (e.key === "ArrowLeft") to = (at - 1 + items.length) % items.length;
      else if (e.key === "ArrowDown" || e.key === "ArrowUp") to = vertical(items, at, e.key === "ArrowDown" ? 1 : -1);
      else if (e.key === "Home") to = 0;
      else if (e.key === "End") to = items.length - 1;
      else if (e.key === "Enter" || e.key === " ") to = at;
      else to = typeAhead(e.key, choices2(items), at);
      if (to < 0) return;
      e.preventDefault();
      all.forEach((b) => (b.tabIndex = b === items[to] ? 0 : -1));
      items[to].focus();
      choose(items[to].pg.key);
    });
    picker.refresh = () => {
      const group = now(), current = all.find((b) => b.pg.key === props.value && (group === null || b.pg.group === group));
      for (const [name, box] of picker.boxes) {
        box.hidden = group !== null && name !== group;
        box.classList.toggle("pg-alone", box.childElementCount === 1);
      }
      for (const b of all) {
        const on = b === current, no = refusal(b.pg.key);
        b.setAttribute("aria-checked", String(on));
        b.setAttribute("aria-disabled", String(!!no));
        b.tabIndex = on || (!current && b === all[0]) ? 0 : -1;
        b.dataset.tip = tipOf(b.pg);
        b.hidden = !here(b.pg);
      }
    };
    host.replaceChildren(root);
  }
  function choices2(items) { return items.map((b) => b.pg); }

  function vertical(items, at, step) {
    const from = items[at].getBoundingClientRect(), x = from.left + from.width / 2;
    let best = -1, cost = Infinity;
    items.forEach((b, i) => {
      const r = b.getBoundingClientRect(), dy = (r.top - from.top) * step;
      if (dy < 4) return;
      const c = dy * 10 + Math.abs(r.left + r.width / 2 - x);
      if (c < cost) [cost, best] = [c, i];
    });
    return best < 0 ? at : best;
  }

  function menu() {
    const id = `pg-list-${slot.replace(/\W/g, "-")}`;
    const shown = el("span", { className: "pg-shown" }), mini = el("span", { className: "pg-mini" });
    const button = el("button", { type: "button", className: "pg-combo" }, mini, shown);
    button.setAttribute("role", "combobox");
    button.setAttribute("aria-haspopup", "listbox");
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", id);
    button.setAttribute("aria-label", label);
    const root = (picker.root = el("div", { className: "pg-menu-row" }, el("span", { className: "pg-label", textContent: label }), button));
    host.replaceChildren(root);
    let list = null, active = -1, visible = choices, miniOf = null;

    picker.refresh = () => {
      const added = more(slot); // what can be chosen here beside the declared entries
      choices = [...props.payload.choices, ...added.filter((m) => !props.payload.choices.some((x) => x.key === m.key))];
      const c = choices.find((x) => x.key === props.value), rests = idle(slot);
      shown.textContent = c ? c.title : /^[{[]|^mix\d/.test(props.value) ? "own mixture" : String(props.value ?? "");
      button.dataset.tip = rests ? `${label} does nothing now: ${rests}` : c ? tipOf(c) : "";
      button.setAttribute("aria-disabled", String(Boolean(rests)));
      if (c && miniOf !== c.key) {
        const t = c.kind === "curve" ? thumb(c, "pg-thumb pg-inline") : null;
        t ? mini.replaceChildren(t) : mini.replaceChildren();
        miniOf = c.key;
      }
      if (list) fill();
    };

    function fill(filter = "") {
      const want = plain(filter);
      visible = choices.filter((c) => here(c) && plain(c.title + c.group + c.hint).includes(want));
      const box = list.querySelector("[role=listbox]");
      box.replaceChildren();
      let group = null, node = box;
      visible.forEach((c, i) => {
        if (c.group !== group) {
          group = c.group;
          if (group) {
            node = el("div", { className: "pg-options" }, el("div", { className: "pg-options-title", textContent: group, id: `${id}-g${i}` }));
            node.setAttribute("role", "group");
            node.setAttribute("aria-labelledby", `${id}-g${i}`);
            box.append(node);
          } else node = box;
        }
        const no = refusal(c.key);
        const o = el("div", { className: "pg-option", id: `${id}-${i}` });
        o.setAttribute("role", "option");
        o.setAttribute("aria-selected", String(c.key === props.value));
        o.setAttribute("aria-disabled", String(!!no));
        o.dataset.key = c.key;
        o.dataset.tip = tipOf(c);
        const t = thumb(c);
        if (t) o.append(t);
        o.append(el("span", { className: "pg-option-title", textContent: c.title }), el("span", { className: "pg-hint", textContent: c.hint }));
        if (no) o.append(el("span", { className: "pg-why", textContent: no }));
        o.addEventListener("pointermove", () => mark(i, false));
        o.addEventListener("click", () => pick(i));
        node.append(o);
      });
      if (!visible.length) box.append(el("div", { className: "pg-none", textContent: "nothing by this name" }));
      mark(Math.max(0, visible.findIndex((c) => (want ? plain(c.title).startsWith(want) : c.key === props.value))));
    }
    function mark(i, scroll = true) {
      active = Math.max(0, Math.min(visible.length - 1, i));
      list.querySelectorAll(".pg-option").forEach((o, j) => o.classList.toggle("active", j === active));
      const o = list.querySelector(`#${CSS.escape(`${id}-${active}`)}`);
      if (!o) return;
      button.setAttribute("aria-activedescendant", o.id);
      list.querySelector("input")?.setAttribute("aria-activedescendant", o.id);
      if (scroll) o.scrollIntoView({ block: "nearest" });
    }
    function pick(i) {
      const c = visible[i];
      if (!c || !choose(c.key)) return;
      close();
    }
    function open() {
      if (list || button.ariaDisabled === "true") return;
      list = el("div", { className: "pg-pop" });
      list.setAttribute("role", "region"); // it stands outside of the page's own parts
      list.setAttribute("aria-label", `${label}: what there is`);
      const box = el("div", { className: "pg-listbox", id, tabIndex: -1 });
      box.setAttribute("role", "listbox");
      box.setAttribute("aria-label", label);
      if (choices.length > 12) {
        const search = el("input", { type: "search", className: "pg-search", placeholder: "search", autocomplete: "off" });
        search.setAttribute("aria-controls", id);
        search.addEventListener("input", () => fill(search.value));
        search.addEventListener("keydown", keys);
        list.append(search);
      }
      list.append(box);
      document.body.append(list); // outside the scrolling column, so that nothing cuts it off
      fill();
      const r = button.getBoundingClientRect(), h = Math.min(420, innerHeight - 24);
      list.style.maxHeight = `${h}px`;
      list.style.minWidth = `${Math.max(r.width, 236)}px`;
      const b = list.getBoundingClientRect();
      list.style.left = `${Math.max(8, Math.min(r.left, innerWidth - b.width - 8))}px`;
      list.style.top = `${Math.max(8, Math.min(r.bottom + 4, innerHeight - b.height - 8))}px`;
      button.setAttribute("aria-expanded", "true");
      mark(active);
      list.querySelector("input")?.focus();
      document.addEventListener("pointerdown", outside, true);
      addEventListener("resize", close);
      document.addEventListener("scroll", scrolled, true);
    }
    function close() {
      if (!list) return;
      list.remove();
      list = null;
      button.setAttribute("aria-expanded", "false");
      button.removeAttribute("aria-activedescendant");
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", close);
      document.removeEventListener("scroll", scrolled, true);
      button.focus({ preventScroll: true });
    }
    const outside = (e) => { if (!list?.contains(e.target) && !button.contains(e.target)) close(); };
    const scrolled = (e) => { if (!list?.contains(e.target)) close(); };

    function keys(e) {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      if (!list) {
        if (button.ariaDisabled === "true") return;
        const at = choices.findIndex((c) => c.key === props.value);
        if (["ArrowDown", "ArrowUp", "Enter", " "].includes(e.key)) open();
        else {
          let to = typeAhead(e.key, choices, at);
          if (to < 0) return;
          choose(choices[to].key);
        }
        return e.preventDefault();
      }
      const searching = e.target.matches?.("input");
      if (e.key === "ArrowDown") mark(active + 1);
      else if (e.key === "ArrowUp") mark(active - 1);
      else if (e.key === "Home" && !searching) mark(0);
      else if (e.key === "End" && !searching) mark(visible.length - 1);
      else if (e.key === "Enter" || (e.key === " " && !searching)) pick(active);
      else if (e.key === "Escape" || e.key === "Tab") {
        close();
        if (e.key === "Tab") return;
      } else {
        if (searching) return;
        const to = typeAhead(e.key, visible, active);
        if (to < 0) return;
        mark(to);
      }
      e.preventDefault();
      e.stopPropagation();
      const marked = list?.querySelector(".pg-option.active");
      if (marked) tip.show(marked); // the focus stays where it is
    }
    button.addEventListener("click", () => (list ? close() : open()));
    button.addEventListener("keydown", keys);
  }
};

// ---- the logarithmic rail beside a number ----------------------------------------------------------------------------------
export const rails = [];
export const rail = ({ element, props }) => {
  const { target, lo, hi, label, whole } = props.payload;
  const host = element.querySelector(".pg-rail") || element;
  const input = el("input", { type: "range", min: 0, max: 1000, step: 1 });
  input.setAttribute("aria-label", `${label} (logarithmic)`);
  host.replaceChildren(input);
  const at = (v) => (1000 * Math.log(Math.max(lo, v) / lo)) / Math.log(hi / lo);
  const nice = (v) => {
    const digits = 10 ** Math.max(0, Math.floor(Math.log10(v)) - 1);
    const n = whole ? Math.max(1, digits) : digits / 10;
    return Math.max(lo, Math.min(hi, Math.round(v / n) * n));
  };
  const rail = {
    target,
    show(v) {
      if (v == null || Number.isNaN(+v)) return;
      if (document.activeElement !== input || nice(lo * (hi / lo) ** (input.value / 1000)) !== +v) input.value = at(+v);
      input.style.setProperty("--range_progress", `${input.value / 10}%`);
      input.setAttribute("aria-valuetext", String(v));
    },
  };
  rails.push(rail);
  const send = (v) => { setNumber(target, v); rail.show(v); };
  input.addEventListener("input", () => send(nice(lo * (hi / lo) ** (input.value / 1000))));
  input.addEventListener("keydown", (e) => {
    const dir = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[e.key];
    if (!dir) return;
    e.preventDefault();
    const now = form.value(target);
    const step = 10 ** Math.max(0, Math.floor(Math.log10(now)) - 1);
    input.value = at(Math.max(lo, Math.min(hi, now + dir * step)));
    send(Math.max(lo, Math.min(hi, now + dir * step)));
  });
  rail.show(form?.value(target) ?? +(document.querySelector(`#${target} input`)?.value || lo));
};

