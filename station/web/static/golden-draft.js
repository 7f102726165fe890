// The picture of a golden sample before its seal, to point at: regions, marks and sizes come into the control sheet by
// clicking, and what stands there is moved and taken out on the picture (golden-handles.js); with the mouse, pen or finger,
// or with the keyboard alone.

import { el, svg } from "./dom.js";
import { crossings } from "./golden-border.js";
import { Handles, here, MOVES, stepOf } from "./golden-handles.js";
import { undoing } from "./golden-history.js";
import { keepLegible, masterPicture } from "./golden-master.js";
import { cut, inserted, limited, measured, moved, Placed, placedIn, takenOut } from "./golden-placed.js";
import { plain, point } from "./golden-sheet.js";
import { View } from "./golden-view.js";
import { api, original } from "./room.js";
import { count, named, t } from "./words.js";

const SURFACES = ["soft enamel", "hard enamel", "plating", "print", "other"];
/** What may be pointed at, and how many points it takes: any number of a border. */
const KINDS = { region: [t("Region, by a point"), 1], outline: [t("Region, by its border"), 0], mark: [t("Mark, by its border"), 0], line: [t("Width of a line, by a point on it"), 1],
  recess: [t("Width of a recess, by a point in it"), 1], "hole-diameter": [t("Diameter of a hole, by a point in it"), 1], distance: [t("Distance, by two points"), 2], angle: [t("Angle, by two points"), 2] };
const TABLE = { region: "regions", outline: "regions", mark: "marks" };
const NEARER = 1.6; // times, at one press
const AGAIN_PX = 12; // from the first corner, within which a click means it and closes the border
const HELP = "how-places-are-moved";

const quoted = (text) => JSON.stringify(text);

export class Draft {
  /** editor : of the sheet; it has `text`, `add`, `change`, `cancel`, `undo`, `redo` and `reveal`. */
  constructor(editor) {
    this.editor = editor;
    this.points = [];
    this.cross = [0, 0];
    this.chosen = null; // id of the border whose corners have handles
    this.what = el("select", {}, Object.entries(KINDS).map(([v, [w]]) => el("option", { value: v }, w)));
    this.name = el("input", { maxlength: 60, required: true });
    this.surface = el("select", {}, SURFACES.map((s) => el("option", { value: s }, named(s))));
    this.close = el("button", { type: "button", class: "quiet", on: { click: () => this.closed() } }, t("Close the border"));
    this.said = el("p", { class: "u", role: "status" });
    this.below = el("div", {});
    this.placed = new Placed({ find: (id) => this.find(id), take: (id) => this.take(id), limit: (id, side, typed) => this.change(id, (text, thing) => limited(text, thing, side, typed)) });
    this.figure = el("figure", { class: "on-grey" });
    this.tools = el("div", { class: "tools", hidden: true }, el("label", { class: "field" }, t("Point at"), " ", this.what), el("label", { class: "field" }, t("Called"), " ", this.name),
      el("label", { class: "field" }, t("Surface"), " ", this.surface), this.close);
    this.hint = el("p", { hidden: true }, t("Click into a cell to name it; or move the cross with the arrow keys (Shift: ten times as far) and press Enter."));
    const button = (words, call) => el("button", { type: "button", class: "quiet", on: { click: call } }, words);
    this.changing = el("div", { class: "tools", role: "group", "aria-label": t("Picture and changes"), hidden: true },
      button(t("Nearer"), () => this.zoom(NEARER)), button(t("Farther"), () => this.zoom(1 / NEARER)), button(t("Whole"), () => this.view.reset()),
      button(t("Undo"), () => this.go("undo")), button(t("Redo"), () => this.go("redo")), button(t("Take the chosen place out"), () => this.handles.takeOutActive()));
    this.node = el("div", {}, this.tools, this.hint, this.figure, this.changing, this.said, this.placed.node, this.below);
    this.what.addEventListener("change", () => { this.points = []; this.draw(); });
    this.figure.append(el("p", { class: "none" }, t("The picture comes when it is measured.")));
  }

  /** sheet : that was measured. linted : what its lint says already. */
  show(job, sheet, linted) {
    const { master, proposals } = job.result;
    const warnings = job.result.warnings.filter((w) => !linted.has(w));
    this.points = [];
    this.master = master;
    this.known = measured(job.result, sheet);
    this.picture = masterPicture(master, api.jobPicture(job.id), { lifted: true });
    for (const [name, value] of Object.entries({ tabindex: "0", role: "application", "aria-roledescription": t("picture to point at") })) this.picture.setAttribute(name, value);
    this.view = new View(this.picture, () => this.draw());
    this.handles = new Handles(this.view, master.frame.pitch_mm, HELP, {
      move: (id, place, corner, at, step) => this.change(id, (text, thing) => moved(text, thing, place, corner, at), step),
      insert: (id, after, at, step) => this.change(id, (text, thing) => inserted(text, thing, after, at), step),
      remove: (id, place, corner) => this.remove(id, corner),
      choose: (id) => this.choose(id),
      unchosen: () => { this.said.textContent = t("Choose a corner or a point in the picture first."); },
      cancel: (step) => this.editor.cancel(step),
      ended: (part, words = part.label) => { this.tell(words, part.id); this.draw(); },
    });
    this.picture.addEventListener("click", (event) => {
      if (event.target.closest(".handles") || this.view.dragged) return;
      this.cross = this.view.under(event);
      this.pointed();
    });
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.figure.replaceChildren(this.picture);
    this.tools.hidden = this.hint.hidden = this.changing.hidden = false;
    this.below.replaceChildren(
      el("p", { class: "u", id: HELP }, t("Drag a point or a corner to move it; click a border to see its corners. Or Tab to it and use the arrow keys: one pixel, with Shift ten. A cross in the middle of an edge puts a corner there, Delete or Alt-click takes one out, Ctrl+Z takes back, Ctrl+Shift+Z makes again. + − 0, or Ctrl and the wheel, show the picture nearer, farther, whole.")),
      warnings.length ? el("h3", {}, t("What sealing would warn of")) : "", original("ul", { class: "bullets" }, warnings.map((w) => el("li", {}, w))),
      proposals.length ? el("h3", {}, t("Sizes that the golden offers")) : "",
      el("ul", { class: "lines" }, proposals.map((p) => el("li", {}, el("button", { type: "button", class: "quiet", "aria-label": t("Add {name} to the sheet", p), on: { click: () => this.editor.add(p.toml) } }, t("Add")), " ",
        original("span", {}, `${p.name}: ${p.value_mm.toFixed(3)} ± ${p.u_mm.toFixed(3)} mm (k = 2)`)))));
    this.draw();
  }

  // --- new places ----------------------------------------------------------------------------------------------------

  key(event) {
    const way = undoing(event);
    const closer = { "+": NEARER, "=": NEARER, "-": 1 / NEARER }[event.key];
    if (way) this.go(way);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (closer) this.zoom(closer);
    else if (event.key === "0") this.view.reset();
    else if (event.target !== this.picture) return;
    else if (event.key in MOVES) {
      this.cross = this.view.within(this.cross.map((v, i) => v + stepOf(event, this.master.frame.pitch_mm)[i]));
      this.view.reveal(this.cross);
      this.said.textContent = here(this.cross);
    } else if (event.key === "Enter") this.pointed();
    else if (event.key === "Backspace") this.lessOne();
    else if (event.key === "Escape") this.points = [];
    else return;
    event.preventDefault();
    this.draw();
  }

  /** About the place that is worked at, where it is in view; else about the middle. */
  zoom(times) {
    this.view.zoom(times, [this.handles.at, this.cross].find((at) => at && this.view.has(at)));
  }

  go(way) {
    if (way === "undo" && this.points.length) {
      this.lessOne();
      return;
    }
    const done = this.editor[way]();
    this.said.textContent = way === "undo" ? (done ? t("The last change is taken back.") : t("There is nothing to take back.")) : done ? t("The change is made again.") : t("There is nothing to make again.");
  }

  /** Take back the corner that was placed last. */
  lessOne() {
    this.points.pop();
    this.said.textContent = count(this.points.length, "{n} corner", "{n} corners");
    this.draw();
  }

  pointed() {
    if (!this.name.checkValidity()) {
      this.name.scrollIntoView({ block: "nearest" }); // before the browser's bubble takes its place
      this.name.reportValidity();
      return;
    }
    const wanted = KINDS[this.what.value][1];
    if (wanted === 0 && this.points.length > 2 && this.view.px(this.cross, this.points[0]) < AGAIN_PX) {
      this.closed();
      return;
    }
    this.points.push(this.cross.map(plain));
    if (this.points.length === wanted) this.enter();
    else this.said.textContent = wanted ? t("Now the second point.") : count(this.points.length, "{n} corner", "{n} corners");
    this.draw();
  }

  closed() {
    if (this.points.length < 3) {
      this.said.textContent = t("A border has at least three corners.");
      return;
    }
    this.enter();
    this.draw();
  }

  enter() {
    const [name, [x, y]] = [this.name.value.trim(), this.points[0]];
    this.editor.add(this.row());
    const made = placedIn(this.editor.text, this.known).at(-1);
    if (made.border) this.chosen = made.id;
    this.tell(t("{name} at {x}, {y} mm is in the sheet. Measure again to see it.", { name, x, y }), made.id);
    this.name.value = "";
    this.points = [];
  }

  row() {
    const what = this.what.value;
    const table = TABLE[what] ?? "sizes";
    const [at, to] = this.points.map(point);
    const border = `polygon_mm = [${this.points.map(point).join(", ")}]`;
    const own = { regions: `${what === "region" ? `seed_mm = ${at}` : border}\nsurface = ${quoted(this.surface.value)}\naccept = 2.0\nreject = 3.0`, marks: `${border}\noffset_mm = 0.3\nrotation_deg = 1.5`,
      sizes: `feature = ${quoted(what)}\nat_mm = ${at}${to ? `\nto_mm = ${to}` : ""}\n${what === "angle" ? 'nominal_deg = "golden"\nplus_deg = 1.0\nminus_deg = 1.0' : 'nominal_mm = "golden"\nplus_mm = 0.1\nminus_mm = 0.1'}` }[table];
    return `[[${table}]]\nname = ${quoted(this.name.value.trim())}\n${own}\nclass = "major"`;
  }

  // --- places that are in the sheet ----------------------------------------------------------------------------------

  thing(id) { return placedIn(this.editor.text, this.known).find((thing) => thing.id === id); }

  /** Change the text by what it places there now. edit : answers the new text, or null for none. */
  change(id, edit, step = null) {
    const thing = this.thing(id);
    const text = thing ? edit(this.editor.text, thing) : null;
    if (text === null) return false;
    this.editor.change(text, step);
    this.editor.reveal(thing.table.start);
    return true;
  }

  /** Say what became of something, and what to do where its border crosses itself. */
  tell(words, id) {
    const { name, border } = this.thing(id) ?? {};
    const [crossed] = border ? crossings(border) : [];
    const edge = (i) => `${i + 1}–${((i + 1) % border.length) + 1}`;
    this.said.textContent = words;
    if (crossed) this.said.append(el("br"), `▲ ${t("The border of {name} crosses itself, edge {one} and edge {other}: what lies in a loop of it may not count. Move a corner until it does not.", { name, one: edge(crossed[0]), other: edge(crossed[1]) })}`);
  }

  choose(id) {
    this.chosen = id;
    if (id !== null) this.editor.reveal(this.thing(id).table.start);
    this.draw();
  }

  /** Take out a corner, or the whole row of what has none. */
  remove(id, corner) {
    if (corner === null) return this.take(id);
    const { name } = this.thing(id);
    const done = this.change(id, (text, thing) => cut(text, thing, corner));
    this.tell(done ? t("One corner of {name} is taken out.", { name }) : t("A border has at least three corners: move one, or take {name} out of the sheet in the list below.", { name }), id);
  }

  take(id) {
    const { name } = this.thing(id);
    this.picture.focus();
    this.change(id, takenOut);
    this.said.textContent = t("{name} is taken out of the sheet.", { name });
  }

  find(id) {
    const { border, table } = this.thing(id);
    this.editor.reveal(table.start);
    this.picture.scrollIntoView({ block: "nearest" });
    if (border) {
      this.chosen = id;
      this.view.approach(border);
    }
    this.handles.focusFirst(id);
  }

  draw() {
    if (!this.picture) return;
    const [x, y] = this.cross;
    const arm = this.picture.viewBox.baseVal.width / 30;
    const [, wanted] = KINDS[this.what.value];
    this.close.hidden = wanted !== 0;
    this.surface.disabled = TABLE[this.what.value] !== "regions";
    keepLegible(this.picture, this.view.share);
    this.picture.classList.toggle("drawing-border", this.points.length > 0);
    this.picture.querySelector(".drawing").replaceChildren(
      svg("polyline", { class: "border", points: this.points.map((p) => p.join(",")).join(" ") }),
      ...this.points.map(([cx, cy]) => svg("circle", { class: "border-corner", cx, cy, r: 4 * this.view.mm })),
      svg("path", { class: "cross-halo", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }),
      svg("path", { class: "cross", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }));
    const things = placedIn(this.editor.text, this.known);
    this.handles.draw(things, this.chosen);
    if (!this.handles.dragging) this.placed.draw(things);
  }
}
