// Golden and unit side by side in one frame. Both are SVG in millimetres of the golden frame and share one view box, so
// they always show the same place; the drawings lie over them in the same millimetres.

import { WORDS, byId, svg } from "./dom.js";
import { keys } from "./keymap.js";
import { Layers, Pictures, put } from "./layers.js";
import { t } from "./words.js";

const RING_MM = 0.7; // the smallest ring round a place
const ENLARGED = [2, 5, 10, 20, 50, 100, 200]; // how many times a deviation of the outline may be drawn as large as it is
const NEAR_MM = 2.2; // half the width of the view when a small place is zoomed to

/** The size of a pane as the browser told it last: it is not laid out anew for the question, and what changes is told and drawn then. */
const sizeOf = ({ box, root }) => (box.width ? box : root.getBoundingClientRect());

export class Stage {
  constructor(goldenFigure, unitFigure, caption) {
    this.caption = caption;
    this.panes = [goldenFigure, unitFigure].map((figure, index) => {
      const pictures = svg("g");
      const drawings = svg("g", { class: "drawings" });
      const root = svg("svg", { class: "picture", role: "img", tabindex: "-1" }, pictures, drawings);
      figure.prepend(root);
      this.listen(root);
      const pane = { figure, root, pictures, drawings, isUnit: index === 1, box: { width: 0, height: 0 } };
      new ResizeObserver(([{ contentRect }]) => { pane.box = contentRect; this.draw(); }).observe(root);
      return pane;
    });
    this.reference = new Pictures();
    this.layers = new Layers(unitFigure, this.panes[1].root, this.panes[1].pictures, byId("divider"));
    this.places = [];
    this.selected = -1;
    this.shown = true;
  }

  /** Show a unit: frame as the API gives it, addresses of the pictures (unit's may be its photo), places to circle.
   *  layer: asks for its heat map; ready(address): whether a picture stands decoded already. */
  async show({ frame, golden, unit, registered, name, places, outline, layer, ready }) {
    const { pitch_mm: pitch, width, height, origin_px: [ox, oy] } = frame;
    this.whole = { x: (-0.5 - ox) * pitch, y: (-0.5 - oy) * pitch, w: width * pitch, h: height * pitch };
    this.places = places;
    this.outline = outline;
    this.selected = -1;
    this.view = { ...this.whole };
    this.registered = registered;
    this.name = name;
    const token = (this.token = Symbol("unit"));
    const [pane] = this.panes;
    const set = { whole: this.whole, across: this.across(), pixels: [width, height] };
    this.reference.clear(set.whole, set.across, width);
    const [node, loaded] = this.reference.image(golden, "golden");
    put(pane.pictures, node);
    pane.root.setAttribute("aria-label", t("Golden sample"));
    this.panes[1].root.setAttribute("aria-label", t("Unit {name}", { name }));
    const loading = [[loaded], this.layers.show({ ...set, golden, unit, registered, layer, ready })];
    this.blink(false);
    this.draw();
    const ended = await Promise.all(loading.map((all) => Promise.all(all)));
    if (this.token === token) this.panes.forEach(({ figure }, i) => figure.classList.toggle("broken", ended[i].includes("error")));
  }

  /** Pixels of the screen that a frame is wide where a part of it fills the pane, by default the whole. */
  across(whole = this.whole, view = whole) {
    const box = sizeOf(this.panes[1]);
    const scale = Math.min(box.width / view.w, box.height / view.h) || 0;
    return Math.ceil(scale * whole.w * devicePixelRatio);
  }

  /** While held, the golden stands in the place of the unit. */
  blink(on) {
    this.layers.blink(on);
    const unit = this.registered ? this.name : t("{name}: the photo as handed in, not registered", { name: this.name });
    this.caption.textContent = on ? t("golden sample, while {key} is held", { key: keys.name("blink") }) : unit;
  }

  toggle() {
    this.shown = !this.shown;
    this.draw();
    return this.shown;
  }

  /** Draw the outline's deviations, enlarged, or no longer; answers how many times, 0 for not, null without an outline. */
  edges() {
    this.enlarged = this.outline && !this.enlarged;
    this.draw();
    return this.outline ? (this.enlarged ? this.times() : 0) : null;
  }

  times() {
    const largest = Math.max(...this.outline.shift_mm.map((s) => Math.abs(s ?? 0)), 1e-6);
    return ENLARGED.findLast((t) => t * largest <= 0.05 * Math.max(this.whole.w, this.whole.h)) ?? 1;
  }

  /** The golden's outline, and the unit's with its deviations enlarged: orange out, blue in. */
  deviations() {
    const { points_mm: points, shift_mm: shift } = this.outline;
    const n = points.length;
    const times = this.times();
    const moved = points.map(([x, y], i) => {
      const [a, b] = [points[(i + n - 1) % n], points[(i + 1) % n]]; // clockwise as seen, so the normal is (dy, -dx)
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
      const by = (times * (shift[i] ?? 0)) / length;
      return [x + (b[1] - a[1]) * by, y - (b[0] - a[0]) * by];
    });
    const sides = points.flatMap((_, i) => {
      const j = (i + 1) % n;
      if (shift[i] === null || shift[j] === null) return [];
      const side = shift[i] + shift[j] > 0 ? "out" : "in";
      return [svg("line", { class: `edge ${side}`, x1: moved[i][0], y1: moved[i][1], x2: moved[j][0], y2: moved[j][1] })];
    });
    return svg("g", { class: "edges" }, svg("polygon", { class: "edge golden", points: points.map((p) => p.join(",")).join(" ") }), ...sides);
  }

  /** Zoom both pictures to the next of the places that are wanted, or with -1 to the one before; answers it. */
  next(wanted, step = 1) {
    const n = this.places.length;
    const from = this.selected < 0 && step < 0 ? 0 : this.selected;
    const around = Array.from({ length: n }, (_, k) => (((from + step * (k + 1)) % n) + n) % n);
    const found = around.find((i) => wanted(this.places[i]));
    return found === undefined ? null : this.select(found);
  }

  select(index) {
    this.selected = index;
    const place = this.places[index];
    if (place.whole) { // a size spans the part
      this.look({ ...this.whole });
      return place;
    }
    const half = Math.max(NEAR_MM, place.radius * 3);
    this.look({ x: place.x - half, y: place.y - half, w: 2 * half, h: 2 * half });
    return place;
  }

  reset() {
    this.selected = -1;
    if (this.whole) this.look({ ...this.whole });
  }

  zoom(factor, at) {
    if (!this.view) return;
    const w = Math.min(this.whole.w * 1.2, Math.max(0.5, this.view.w * factor));
    const h = (w * this.view.h) / this.view.w;
    const x = at ?? { x: this.view.x + this.view.w / 2, y: this.view.y + this.view.h / 2 };
    const k = w / this.view.w;
    this.look({ x: x.x - (x.x - this.view.x) * k, y: x.y - (x.y - this.view.y) * k, w, h });
  }

  move(right, down) {
    if (this.view) this.look({ ...this.view, x: this.view.x + right * this.view.w, y: this.view.y + down * this.view.h });
  }

  look(view) {
    const { x, y, w, h } = this.whole;
    view.x = Math.min(x + w - view.w / 4, Math.max(x - view.w * 0.75, view.x));
    view.y = Math.min(y + h - view.h / 4, Math.max(y - view.h * 0.75, view.y));
    this.view = view;
    this.draw();
  }

  draw() {
    if (!this.view) return;
    const { x, y, w, h } = this.view;
    const across = this.across(this.whole, this.view);
    for (const pane of this.panes) {
      pane.root.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
      const box = sizeOf(pane);
      const mm = 1 / Math.max(1e-6, Math.min(box.width / w, box.height / h)); // millimetres a screen pixel
      const drawn = this.shown && this.registered ? this.places.map((p, i) => (p.quiet && i !== this.selected ? null : this.ring(p, i, pane, mm))) : [];
      drawn.push(...drawn.splice(this.selected, this.selected >= 0 ? 1 : 0)); // the chosen one lies on top
      if (this.enlarged && pane.isUnit && this.shown && this.registered) drawn.unshift(this.deviations());
      pane.drawings.replaceChildren(...drawn.filter(Boolean));
    }
    this.reference.refine(across);
    this.layers.set.refine(across);
    this.layers.place();
  }

  ring(place, index, pane, mm) {
    const chosen = index === this.selected;
    const look = pane.isUnit && place.verdict in WORDS ? place.verdict : "neutral";
    const r = Math.max(place.radius, RING_MM, 9 * mm);
    const parts = [];
    if (place.ring) {
      parts.push(svg("circle", { class: "halo", cx: place.x, cy: place.y, r }));
      parts.push(svg("circle", { class: `ring ${look}${chosen ? " chosen" : ""}${place.unlike ? " disputes" : ""}`, cx: place.x, cy: place.y, r }));
    }
    if (chosen && place.outline?.length && pane.isUnit) {
      parts.push(svg("polygon", { class: `outline ${look}`, points: place.outline.map((p) => p.join(",")).join(" ") }));
    }
    if (chosen && pane.isUnit) {
      for (const line of place.lines ?? []) parts.push(svg("polyline", { class: `dimension ${look}`, points: line.map((p) => p.join(",")).join(" ") }));
    }
    const away = place.ring ? (r + 8 * mm) * Math.SQRT1_2 : 0;
    const [bx, by] = [place.x + away, place.y - away];
    const badge = svg("g", { class: `number ${look}${chosen ? " chosen" : ""}`, transform: `translate(${bx} ${by}) scale(${mm})` },
      place.unlike && place.numbered ? [svg("circle", { cx: 15, r: 8 }), svg("text", { "text-anchor": "middle", x: 17, y: 4.2 }, "≠")] : null,
      svg("circle", { r: 10 }), svg("text", { "text-anchor": "middle", y: 4.2 }, place.label));
    badge.addEventListener("click", () => this.onchoose?.(index));
    return svg("g", { class: this.selected >= 0 && !chosen ? "faint" : null }, parts, badge);
  }

  listen(root) {
    const point = (event) => {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(root.getScreenCTM().inverse());
      return { x: p.x, y: p.y };
    };
    root.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(Math.sign(event.deltaY) * 0.18), point(event));
    }, { passive: false });
    root.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.view || event.target.closest(".number")) return;
      if (event.pointerType !== "mouse" && this.layers.on.swipe && root === this.panes[1].root) return; // it moves the divider
      const from = point(event);
      root.setPointerCapture(event.pointerId);
      const drag = (e) => {
        const to = point(e);
        this.look({ ...this.view, x: this.view.x + from.x - to.x, y: this.view.y + from.y - to.y });
      };
      root.addEventListener("pointermove", drag);
      root.addEventListener("lostpointercapture", () => root.removeEventListener("pointermove", drag), { once: true });
    });
    root.addEventListener("dblclick", () => this.reset());
  }
}
