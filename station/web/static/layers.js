// What lies over the unit in its frame: the golden while it is held or left of the divider, the difference, the heat map.
// The pictures are shown as large as the screen has room for; the whole ones come where somebody looks closer.

import { svg } from "./dom.js";

const WIDTHS = [256, 384, 512, 768, 1024, 1536, 2048, 3072];
const SHARP = 1.1; // how much larger than its pixels a picture may be shown before the whole one is fetched
const PATIENCE_MS = 120;
const DWELL_MS = 300; // on a unit, before its heat map is asked for: who decides at once has no use for it
export const OPACITIES = [0.15, 0.3, 0.45, 0.6, 0.8, 1];
export const GAIN = 4; // of the difference, see .difference in review.css

/** The address of a picture for so many pixels across; the whole picture where it is hardly wider. */
export function sized(href, across, width = Infinity) {
  const found = WIDTHS.find((w) => w >= across);
  return found && found < width ? `${href}?width=${found}` : href;
}

/** Pictures of one frame in one pane: made for the screen at first, whole where that is not enough. */
export class Pictures {
  constructor() {
    this.shown = new Map(); // by address the nodes that show it
    this.loaded = new Map(); // what is shown by its kind, once it has loaded: the next unit has the same golden
  }

  clear(whole, across, width) {
    Object.assign(this, { whole, across, width });
    this.shown.clear();
    this.token = Symbol("pictures");
    clearTimeout(this.timer);
  }

  /** An image node for an address, and when it has loaded: "load" or "error". ready(address): whether it stands decoded already. */
  image(href, kind, ready = () => false) {
    const { x, y, w, h } = this.whole;
    const looks = { class: kind, href: sized(href, this.across, this.width), x, y, width: w, height: h, preserveAspectRatio: "xMidYMid meet" };
    const before = this.loaded.get(kind);
    const same = before && Object.entries(looks).every(([name, value]) => before.getAttribute(name) === String(value));
    const node = same ? before : svg("image", looks);
    this.shown.set(href, [...(this.shown.get(href) ?? []), node]);
    if (same) return [node, Promise.resolve("load")];
    const ended = new Promise((done) => ["load", "error"].forEach((e) => node.addEventListener(e, () => done(e), { once: true })));
    ended.then((how) => { if (how === "load") this.loaded.set(kind, node); });
    return [node, ready(looks.href) ? Promise.resolve("load") : ended];
  }

  /** Fetch the whole pictures once the frame is drawn wider than they have pixels. across : of the frame, in pixels. */
  refine(across) {
    clearTimeout(this.timer);
    const have = Math.min(this.width, WIDTHS.find((w) => w >= this.across) ?? Infinity);
    if (!this.shown.size || across <= have * SHARP) return;
    const { token } = this;
    this.timer = setTimeout(async () => {
      for (const [href, nodes] of this.shown) {
        if (nodes.every((node) => node.getAttribute("href") === href)) continue;
        const picture = new Image();
        picture.src = href;
        await picture.decode().catch(() => {});
        if (this.token !== token) return;
        for (const node of nodes) node.setAttribute("href", href);
      }
    }, PATIENCE_MS);
  }
}

/** Have a node alone in a group; one that is there already stays as it is painted. */
export function put(group, node) {
  if (group.firstChild !== node || group.childNodes.length > 1) group.replaceChildren(node);
}

/** The layers of the unit's pane. */
export class Layers {
  constructor(figure, root, pictures, divider) {
    Object.assign(this, { figure, root, divider });
    this.base = svg("g", { class: "base" });
    this.difference = svg("g", { class: "difference" });
    this.heat = svg("g", { class: "heat" });
    this.edge = svg("rect", {});
    this.over = svg("g", { class: "over" });
    pictures.append(svg("clipPath", { id: "left-of-divider" }, this.edge), this.base, this.difference, this.heat, this.over);
    this.on = { heat: false, difference: false, swipe: false };
    this.held = false;
    this.share = 0.5; // of the pane's width, where the divider stands
    this.opacity = 3;
    this.set = new Pictures();
    this.listen();
  }

  /** Show a unit; answers how its pictures loaded. pixels: of the frame, across and down; layer: asks for {href, reason, ...} of the heat map. */
  show({ whole, across, pixels, golden, unit, registered, layer, ready }) {
    Object.assign(this, { whole, pixels, golden, unit, registered, layer });
    this.set.clear(whole, across, registered ? pixels[0] : Infinity);
    const made = [this.set.image(unit, "unit", ready), this.set.image(golden, "golden")];
    put(this.base, made[0][0]);
    put(this.over, made[1][0]);
    this.difference.replaceChildren();
    this.heat.replaceChildren();
    this.found = null;
    this.blink(false);
    this.draw();
    return made.map(([, loaded]) => loaded);
  }

  blink(on) {
    this.held = on;
    this.figure.classList.toggle("blink", on);
  }

  toggle(name) {
    this.on[name] = !this.on[name];
    this.draw();
    return this.on[name];
  }

  /** More or less of the difference and of the heat map; answers the share that covers the unit. */
  cover(step) {
    this.opacity = Math.min(OPACITIES.length - 1, Math.max(0, this.opacity + step));
    this.draw();
    return OPACITIES[this.opacity];
  }

  reset() {
    Object.assign(this, { on: { heat: false, difference: false, swipe: false }, share: 0.5, opacity: 3 });
    this.draw();
  }

  slide(to) {
    this.share = Math.min(1, Math.max(0, to));
    this.place();
  }

  draw() {
    const { heat, difference, swipe } = this.on;
    const share = OPACITIES[this.opacity];
    this.figure.classList.toggle("swiping", swipe);
    this.divider.hidden = !swipe;
    if (swipe) this.over.setAttribute("clip-path", "url(#left-of-divider)");
    else this.over.removeAttribute("clip-path");
    if (difference && this.registered && !this.difference.firstChild && this.whole) {
      this.difference.replaceChildren(this.set.image(this.unit, "seen")[0], this.set.image(this.golden, "reference")[0]);
    }
    this.difference.setAttribute("opacity", share);
    this.difference.classList.toggle("off", !difference || !this.registered);
    this.heat.setAttribute("opacity", share);
    this.heat.classList.toggle("off", !heat);
    if (heat && this.whole && !this.found) this.fetch();
    this.place();
    this.onchange?.();
  }

  /** The heat map of the unit that is shown. */
  async fetch() {
    const { layer } = this;
    this.found = { reason: "", marks: [] };
    await new Promise((done) => setTimeout(done, DWELL_MS));
    if (this.layer !== layer) return;
    const found = await layer().catch((error) => ({ href: "", reason: error.message, marks: [] }));
    if (this.layer !== layer) return;
    this.found = found;
    if (found.href) {
      const { x, y, w, h } = this.whole;
      const [across, down] = found.covers_px;
      const node = svg("image", { href: found.href, x, y, width: (w * across) / this.pixels[0], height: (h * down) / this.pixels[1], preserveAspectRatio: "none" });
      node.addEventListener("error", () => { this.found = { href: "", reason: "?", marks: [] }; this.onchange?.(); }, { once: true });
      node.addEventListener("load", () => { this.found.loaded = true; this.onchange?.(); }, { once: true });
      this.heat.replaceChildren(node);
    }
    this.onchange?.();
  }

  /** Put the divider and what is left of it where they belong. */
  place() {
    if (!this.on.swipe || !this.whole) return;
    const box = this.root.getBoundingClientRect();
    const matrix = this.root.getScreenCTM();
    if (!box.width || !matrix) return;
    const right = new DOMPoint(box.left + this.share * box.width, box.top).matrixTransform(matrix.inverse()).x;
    const { x, y, w, h } = this.whole;
    for (const [name, value] of Object.entries({ x, y, width: Math.min(w, Math.max(0, right - x)), height: h })) this.edge.setAttribute(name, value);
    this.divider.style.left = `${100 * this.share}%`;
    this.divider.setAttribute("aria-valuenow", Math.round(100 * this.share));
  }

  listen() {
    const follow = (event) => {
      const box = this.root.getBoundingClientRect();
      this.slide((event.clientX - box.left) / box.width);
    };
    // the mouse moves it without a button; a finger or a pen, which cannot hover, by dragging
    this.figure.addEventListener("pointermove", (event) => {
      if (this.on.swipe && (event.pointerType === "mouse" ? event.buttons === 0 : event.buttons > 0)) follow(event);
    });
    this.divider.addEventListener("keydown", (event) => {
      const to = { Home: 0, End: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.slide(to);
    });
  }
}
