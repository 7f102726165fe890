// Handles on what a control sheet places in the picture: a point has one, the chosen border one at each corner and one in
// the middle of each edge, which puts a corner there. With mouse, pen or finger, or with the keyboard alone. They are as
// large on the screen however near the picture is; where a place lies is the sheet's alone to say.

import { svg } from "./dom.js";
import { crossings, middle } from "./golden-border.js";
import { plain } from "./golden-sheet.js";
import { t } from "./words.js";

export const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HIT_PX = 24; // the least that a finger or a shaky hand hits
const ROOM_PX = 2 * HIT_PX; // of an edge, for a handle in its middle beside those at its ends
const STEADY_PX = 3; // a pointer that moves less moves nothing
const LEAST_STEP_MM = 0.01; // as places are written in the sheet

const SHAPES = {
  corner: () => svg("rect", { x: -6, y: -6, width: 12, height: 12 }),
  middle: () => svg("path", { d: "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0M-2.5 0H2.5M0 -2.5V2.5" }),
  seed: () => svg("circle", { r: 6.5 }),
  at: () => svg("path", { d: "M0 -8L8 0L0 8L-8 0Z" }),
};

export const here = (p) => t("x {x}, y {y} mm", { x: plain(p[0]), y: plain(p[1]) });
const line = (points) => points.map((p) => p.join(",")).join(" ");

/** By how much an arrow key moves a place: a pixel of the master, with Shift ten. */
export const stepOf = (event, pitch) => (MOVES[event.key] ?? []).map((v) => v * Math.max(pitch, LEAST_STEP_MM) * (event.shiftKey ? 10 : 1));

export class Handles {
  /** view : of the picture. pitch : millimetres of a pixel of the master. described : id of what says how they are used.
      does : move(id, place, corner, at, step), insert(id, corner, at, step) after a corner, remove(id, place, corner),
      choose(id or null), cancel(step), unchosen(), ended(part, words) with what is to be said where that is not the
      part's label. step : holds together what is one change. */
  constructor(view, pitch, described, does) {
    Object.assign(this, { view, pitch, described, does, picture: view.picture, shown: new Map(), parts: new Map() });
    this.lines = svg("g", { class: "placed-lines" });
    this.layer = svg("g", { class: "handles" });
    this.picture.append(this.lines, this.layer);
    this.layer.addEventListener("pointerdown", (event) => this.press(event));
    this.layer.addEventListener("touchstart", (event) => {
      if (event.target.closest(".handle")) event.preventDefault(); // the page stays; touch-action is not heeded within a drawing
    }, { passive: false });
    this.layer.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) this.layer.addEventListener(end, (event) => this.release(event));
    this.layer.addEventListener("click", (event) => {
      const part = this.part(event.target);
      if (part?.kind === "pick") this.choose(part.id);
    });
    this.layer.addEventListener("keydown", (event) => this.key(event));
    this.layer.addEventListener("focusin", (event) => {
      const part = this.part(event.target);
      if (part) this.active = part.key;
      if (part?.at && !this.dragging) this.view.reveal(part.at);
    });
  }

  part(node) { return this.parts.get(node.closest?.("[data-part]")?.dataset.part); }

  /** Where the handle lies that has the focus or had it last. */
  get at() { return this.parts.get(this.active)?.at; }

  focusFirst(id) { this.focus([...this.parts.values()].find((part) => part.id === id)?.key); }

  focus(key) { this.shown.get(key)?.focus({ preventScroll: true }); }

  // --- what is drawn -------------------------------------------------------------------------------------------------

  /** things : of the sheet, {id, name, border} or {id, name, places: [{place, at, words}]}. chosen : id of a border. */
  draw(things, chosen) {
    const borders = things.filter((thing) => thing.border);
    this.lines.replaceChildren(...borders.flatMap((thing) => this.outline(thing, thing.id === chosen)));
    const parts = [...borders.filter((thing) => thing.id !== chosen).map((thing) => this.pick(thing)),
      ...things.flatMap((thing) => (thing.border ? (thing.id === chosen ? this.corners(thing) : []) : this.points(thing)))];
    const focused = document.activeElement?.dataset?.part;
    const held = focused !== undefined && this.layer.contains(document.activeElement);
    const before = [...this.shown.keys()].join("\n");
    this.parts = new Map(parts.map((part) => [part.key, part]));
    this.shown = new Map(parts.map((part) => [part.key, this.shown.get(part.key) ?? this.made(part)]));
    for (const part of parts) this.put(part);
    if ([...this.shown.keys()].join("\n") === before) return;
    this.layer.replaceChildren(...this.shown.values());
    if (held) (this.shown.get(focused) ?? this.picture).focus({ preventScroll: true });
  }

  outline({ border }, chosen) {
    const crossed = crossings(border).flat();
    return [svg("polygon", { class: "placed-halo", points: line(border) }), svg("polygon", { class: `placed${chosen ? " chosen" : ""}`, points: line(border) }),
      ...[...new Set(crossed)].map((i) => svg("polyline", { class: "crossed", points: line([border[i], border[(i + 1) % border.length]]) }))];
  }

  pick({ id, name, border }) {
    return { key: `${id} pick`, kind: "pick", id, border, label: t("Border of {name}, {n} corners: Enter shows their handles", { name, n: border.length }) };
  }

  points({ id, name, places }) {
    return places.map(({ place, at, words }) => ({ key: `${id} ${place}`, kind: place === "seed" ? "seed" : "at", id, place, corner: null, at, label: `${name}, ${words}: ${here(at)}` }));
  }

  /** In the order of the border, for who goes through them with Tab. */
  corners({ id, name, border }) {
    const of = border.length;
    const room = ROOM_PX * this.view.mm;
    return border.flatMap((at, i) => {
      const next = border[(i + 1) % of];
      const corner = { key: `${id} corner ${i}`, kind: "corner", id, place: "polygon", corner: i, at, label: t("Corner {n} of {of} of {name}, {place}", { n: i + 1, of, name, place: here(at) }) };
      if (Math.hypot(next[0] - at[0], next[1] - at[1]) < room) return [corner];
      return [corner, { key: `${id} middle ${i}`, kind: "middle", id, after: i, at: middle(at, next), label: t("Middle of the edge from corner {n} to {next} of {name}: Enter puts a corner there", { n: i + 1, next: ((i + 1) % of) + 1, name }) }];
    });
  }

  made({ key, kind }) {
    const common = { "data-part": key, tabindex: "0", role: "button" };
    if (kind === "pick") return svg("polygon", { class: "pick", ...common });
    return svg("g", { class: `handle ${kind}`, "aria-describedby": this.described, ...common },
      svg("rect", { class: "hit", x: -HIT_PX / 2, y: -HIT_PX / 2, width: HIT_PX, height: HIT_PX }), SHAPES[kind]());
  }

  put({ key, kind, at, border, label }) {
    const node = this.shown.get(key);
    if (kind === "pick") node.setAttribute("points", line(border));
    else node.setAttribute("transform", `translate(${at[0]} ${at[1]}) scale(${this.view.mm})`);
    node.setAttribute("aria-label", label);
  }

  /** Show the handles of a border, and be at its first corner. */
  choose(id) {
    this.does.choose(id);
    this.focus(`${id} corner 0`);
  }

  // --- mouse, pen, finger --------------------------------------------------------------------------------------------

  press(event) {
    const part = this.part(event.target);
    if (event.button !== 0 || this.dragging || !part || part.kind === "pick") return;
    event.preventDefault();
    event.stopPropagation(); // the view stays
    if (event.altKey) {
      if (part.corner !== undefined) this.takeOut(part);
      return;
    }
    const under = this.view.under(event);
    this.dragging = { key: part.key, pointer: event.pointerId, from: [event.clientX, event.clientY], off: part.at.map((v, i) => v - under[i]), step: Symbol(part.key), moved: false };
    if (part.kind === "middle") this.insert(part);
    this.focus(this.dragging.key);
    this.layer.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const { dragging } = this;
    const part = dragging && this.parts.get(dragging.key);
    if (!part || event.pointerId !== dragging.pointer) return;
    dragging.moved ||= Math.hypot(event.clientX - dragging.from[0], event.clientY - dragging.from[1]) >= STEADY_PX;
    if (dragging.moved) this.does.move(part.id, part.place, part.corner, this.view.within(this.view.under(event).map((v, i) => v + dragging.off[i])), dragging.step);
  }

  release(event) {
    const { dragging } = this;
    if (!dragging || event.pointerId !== dragging.pointer) return;
    this.dragging = null;
    const part = this.parts.get(dragging.key);
    if (event.type === "pointercancel") this.does.cancel(dragging.step);
    else if (dragging.moved && part) this.does.ended(part);
  }

  // --- keys ----------------------------------------------------------------------------------------------------------

  key(event) {
    const part = this.part(event.target);
    if (!part || event.ctrlKey || event.metaKey || event.altKey) return;
    const enters = event.key === "Enter" || event.key === " ";
    if (event.key === "Escape") this.escape();
    else if (enters && part.kind === "pick") this.choose(part.id);
    else if (enters && part.kind === "middle") this.focus(this.insert(part));
    else if (event.key in MOVES && part.corner !== undefined) this.nudge(part, event);
    else if ((event.key === "Delete" || event.key === "Backspace") && part.corner !== undefined) this.takeOut(part);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** A key that is held makes one change. */
  nudge(part, event) {
    if (!event.repeat) this.held = Symbol(part.key);
    this.does.move(part.id, part.place, part.corner, this.view.within(part.at.map((v, i) => v + stepOf(event, this.pitch)[i])), this.held);
    const moved = this.parts.get(part.key);
    if (!moved) return;
    this.view.reveal(moved.at);
    this.does.ended(moved);
  }

  escape() {
    if (this.dragging) {
      this.does.cancel(this.dragging.step);
      this.dragging = null;
      return;
    }
    this.does.choose(null);
    this.picture.focus();
  }

  /** Put a corner in the middle of an edge; answers the key of its handle. */
  insert({ id, after, at }) {
    const key = `${id} corner ${after + 1}`;
    if (this.dragging) this.dragging.key = key;
    this.does.insert(id, after, at, this.dragging?.step ?? null);
    const made = this.parts.get(key);
    if (made) this.does.ended(made, t("A corner is put in: {corner}", { corner: made.label }));
    return key;
  }

  /** Take out the corner or point that was used last, for who has neither keys nor a mouse. */
  takeOutActive() {
    const part = this.parts.get(this.active);
    if (part?.corner !== undefined) this.takeOut(part);
    else this.does.unchosen();
  }

  takeOut(part) {
    this.does.remove(part.id, part.place, part.corner);
    const next = this.parts.has(part.key) ? part.key : `${part.id} corner ${part.corner - 1}`;
    if (this.shown.has(next)) this.focus(next);
    else this.picture.focus();
  }
}
