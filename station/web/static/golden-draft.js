// The picture of a golden sample before its seal, to point at: regions, marks and sizes come into the control sheet by
// clicking, what stands there is moved and taken out on the picture; with the mouse, or with the keyboard alone.

import { el, svg } from "./dom.js";
import { masterPicture } from "./golden-master.js";
import { plain, point, tables, withKey, without } from "./golden-sheet.js";
import { api, original } from "./room.js";
import { count, named, t } from "./words.js";

const SURFACES = ["soft enamel", "hard enamel", "plating", "print", "other"];
const STEP_MM = 0.5;
const FINE_MM = 0.1;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** What may be pointed at, and how many points it takes: any number of a border. */
const KINDS = { region: [t("Region, by a point"), 1], outline: [t("Region, by its border"), 0], mark: [t("Mark, by its border"), 0], line: [t("Width of a line, by a point on it"), 1],
  recess: [t("Width of a recess, by a point in it"), 1], "hole-diameter": [t("Diameter of a hole, by a point in it"), 1], distance: [t("Distance, by two points"), 2], angle: [t("Angle, by two points"), 2] };
const TABLE = { region: "regions", outline: "regions", mark: "marks" };
const TABLES = { regions: t("region"), marks: t("mark"), sizes: named("size") };

const SIDES = { nominal: t("nominal size"), plus: t("upper tolerance"), minus: t("lower tolerance") };

const quoted = (text) => JSON.stringify(text);
const here = (p) => t("x {x}, y {y} mm", { x: plain(p[0]), y: plain(p[1]) });
const shift = (event) => (MOVES[event.key] ?? []).map((v) => v * (event.shiftKey ? FINE_MM : STEP_MM));

export class Draft {
  /** editor : of the sheet; it has `text`, `add`, `change` and `undo`. */
  constructor(editor) {
    this.editor = editor;
    this.points = [];
    this.cross = [0, 0];
    this.what = el("select", {}, Object.entries(KINDS).map(([v, [w]]) => el("option", { value: v }, w)));
    this.name = el("input", { maxlength: 60, required: true });
    this.surface = el("select", {}, SURFACES.map((s) => el("option", { value: s }, named(s))));
    this.close = el("button", { type: "button", class: "quiet", on: { click: () => this.closed() } }, t("Close the border"));
    this.said = el("p", { class: "u", role: "status" });
    this.below = el("div", {});
    this.rows = el("div", {});
    this.figure = el("figure", { class: "on-grey" });
    this.tools = el("div", { class: "tools", hidden: true }, el("label", { class: "field" }, t("Point at"), " ", this.what), el("label", { class: "field" }, t("Called"), " ", this.name),
      el("label", { class: "field" }, t("Surface"), " ", this.surface), this.close);
    this.hint = el("p", { hidden: true }, t("Click into a cell to name it; or move the cross with the arrow keys (Shift: finer) and press Enter."));
    this.node = el("div", {}, this.tools, this.hint, this.figure, this.said, this.rows, this.below);
    this.what.addEventListener("change", () => { this.points = []; this.draw(); });
    this.figure.append(el("p", { class: "none" }, t("The picture comes when it is measured.")));
  }

  /** linted : what the sheet's lint says already. */
  show(job, linted) {
    const { master, proposals } = job.result;
    const warnings = job.result.warnings.filter((w) => !linted.has(w));
    this.points = [];
    this.master = master;
    this.picture = masterPicture(master, api.jobPicture(job.id), { lifted: true });
    for (const [name, value] of Object.entries({ tabindex: "0", role: "application", "aria-roledescription": t("picture to point at") })) this.picture.setAttribute(name, value);
    this.picture.append(this.handles = svg("g", { class: "handles" }));
    this.picture.addEventListener("click", (event) => {
      if (event.target.closest(".handle")) return;
      this.cross = this.under(event);
      this.placed();
    });
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.figure.replaceChildren(this.picture);
    this.tools.hidden = this.hint.hidden = false;
    this.below.replaceChildren(
      el("p", { class: "u" }, t("Drag a point or a corner to move it; or Tab to it and use the arrow keys, Delete takes it out, Ctrl+Z takes back.")),
      warnings.length ? el("h3", {}, t("What sealing would warn of")) : "", original("ul", { class: "bullets" }, warnings.map((w) => el("li", {}, w))),
      proposals.length ? el("h3", {}, t("Sizes that the golden offers")) : "",
      el("ul", { class: "lines" }, proposals.map((p) => el("li", {}, el("button", { type: "button", class: "quiet", "aria-label": t("Add {name} to the sheet", p), on: { click: () => this.editor.add(p.toml) } }, t("Add")), " ",
        original("span", {}, `${p.name}: ${p.value_mm.toFixed(3)} ± ${p.u_mm.toFixed(3)} mm (k = 2)`)))));
    this.draw();
  }

  under(event) {
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.picture.getScreenCTM().inverse());
    return [p.x, p.y];
  }

  // --- new places ----------------------------------------------------------------------------------------------------

  key(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.target !== this.picture) return;
    else if (event.key in MOVES) {
      this.cross = this.cross.map((v, i) => v + shift(event)[i]);
      this.said.textContent = here(this.cross);
    } else if (event.key === "Enter") this.placed();
    else if (event.key === "Backspace") this.points.pop();
    else if (event.key === "Escape") this.points = [];
    else return;
    event.preventDefault();
    this.draw();
  }

  undo() {
    this.said.textContent = this.editor.undo() ? t("The last change on the picture is taken back.") : t("There is nothing to take back.");
  }

  placed() {
    if (!this.name.checkValidity()) {
      this.name.scrollIntoView({ block: "nearest" }); // before the browser's bubble takes its place
      this.name.reportValidity();
      return;
    }
    const wanted = KINDS[this.what.value][1];
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
    this.said.textContent = t("{name} at {x}, {y} mm is in the sheet. Measure again to see it.", { name, x, y });
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

  /** Where a table lies, as the sheet says in millimetres or, where it says it in pixels, as it was measured. */
  spots(table) {
    const measured = (list) => list.find((m) => m.name === table.name);
    if (table.where === "marks") return [["polygon", table.polygon ?? measured(this.master.marks)?.polygon_mm]];
    if (table.where === "regions" && table.pixels) return []; // a border in the photo: its corners are not known in millimetres
    if (table.where === "regions") return table.polygon ? [["polygon", table.polygon]] : [["seed", table.seed ?? measured(this.master.regions)?.centre_mm]];
    return [["at", table.at], ["to", table.to]];
  }

  move(table, place, corner, p) {
    const spot = this.spots(table).find(([name]) => name === place)[1];
    const raw = place === "polygon" ? `[${spot.map((c, i) => point(i === corner ? p : c)).join(", ")}]` : point(p);
    this.editor.change(withKey(this.editor.text, table, `${place}_mm`, raw));
    this.said.textContent = `${table.name}: ${here(p)}`;
  }

  /** Take out a corner of a border that has more than three, else the whole table. */
  remove(table, place, corner) {
    const spot = place === "polygon" ? this.spots(table)[0][1] : null;
    const left = spot && spot.length > 3 && corner !== null ? spot.filter((_, i) => i !== corner) : null;
    this.editor.change(left ? withKey(this.editor.text, table, "polygon_mm", `[${left.map(point).join(", ")}]`) : without(this.editor.text, table));
    this.said.textContent = left ? t("One corner of {name} is taken out.", table) : t("{name} is taken out of the sheet.", table);
    this.picture.focus();
  }

  handle(table, place, corner, p, words) {
    const size = this.picture.viewBox.baseVal.width / 95;
    const id = `${table.index} ${place} ${corner ?? ""}`;
    const shape = place === "seed" ? svg("circle", { r: size }) : place === "polygon" ? svg("rect", { x: -0.8 * size, y: -0.8 * size, width: 1.6 * size, height: 1.6 * size }) : svg("path", { d: `M0 ${-1.2 * size}L${1.2 * size} 0L0 ${1.2 * size}L${-1.2 * size} 0Z` });
    const put = (at) => node.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
    const node = svg("g", { class: "handle", tabindex: "0", role: "button", "data-id": id, "aria-label": `${table.name}, ${words}: ${here(p)}` }, svg("title", {}, `${table.name}, ${words}`), shape);
    put(p);
    let moved = null;
    node.addEventListener("pointerdown", (event) => { node.setPointerCapture(event.pointerId); moved = p; event.preventDefault(); node.focus(); });
    node.addEventListener("pointermove", (event) => { if (moved) put(moved = this.under(event)); });
    node.addEventListener("pointerup", () => { if (moved && moved !== p) this.move(table, place, corner, moved); moved = null; });
    node.addEventListener("pointercancel", () => { moved = null; put(p); });
    node.addEventListener("keydown", (event) => {
      if (event.key in MOVES) this.move(table, place, corner, p.map((v, i) => v + shift(event)[i]));
      else if (event.key === "Delete" || event.key === "Backspace") this.remove(table, place, corner);
      else if (event.key === "Escape") this.picture.focus();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return node;
  }

  draw() {
    if (!this.picture) return;
    const [x, y] = this.cross;
    const arm = this.picture.viewBox.baseVal.width / 30;
    const [, wanted] = KINDS[this.what.value];
    this.close.hidden = wanted !== 0;
    this.surface.disabled = TABLE[this.what.value] !== "regions";
    this.picture.querySelector(".drawing").replaceChildren(
      svg("polyline", { class: "border", points: this.points.map((p) => p.join(",")).join(" ") }),
      svg("path", { class: "cross-halo", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }),
      svg("path", { class: "cross", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }));
    const found = tables(this.editor.text);
    const focused = document.activeElement?.closest?.(".handle")?.dataset.id;
    this.handles.replaceChildren(...found.flatMap((table) => this.spots(table).flatMap(([place, spot]) => {
      if (!spot) return [];
      if (place !== "polygon") return [this.handle(table, place, null, spot, { seed: t("point"), at: t("first point"), to: t("second point") }[place])];
      return [svg("polygon", { class: "placed", points: spot.map((p) => p.join(",")).join(" ") }), ...spot.map((p, i) => this.handle(table, place, i, p, t("corner {n}", { n: i + 1 })))];
    })));
    const again = focused && [...this.handles.querySelectorAll(".handle")].find((h) => h.dataset.id === focused);
    if (again) again.focus();
    if (!this.rows.contains(document.activeElement)) this.list(found);
  }

  /** What the sheet names, in a list: to find it in the picture, to take it out, to change the limits of a size. */
  list(found) {
    const find = (table) => this.handles.querySelector(`[data-id^="${table.index} "]`)?.focus();
    const again = (table) => tables(this.editor.text)[table.index];
    const limit = (table, side) => el("label", { class: "field" }, { nominal: t("nominal"), plus: "+", minus: "−" }[side], " ", el("input", { size: 6, value: table[side]?.replace(/"/g, "") ?? "", "aria-label": `${table.name}, ${SIDES[side]}`,
      on: { change: (event) => {
        const typed = event.target.value.trim();
        if (typed) this.editor.change(withKey(this.editor.text, again(table), `${side}_${table.unit}`, typed === "golden" ? '"golden"' : typed));
      } } }));
    this.rows.replaceChildren(el("details", { open: this.open ?? true, on: { toggle: (event) => { this.open = event.target.open; } } }, el("summary", {}, t("In the sheet ({n})", { n: found.length })),
      el("ul", { class: "lines placed-rows" }, found.map((table) => el("li", {}, el("b", { lang: "" }, table.name), el("span", { class: "u" }, ` ${TABLES[table.where]} `),
        table.where === "sizes" ? ["nominal", "plus", "minus"].map((side) => limit(table, side)) : "",
        this.spots(table).some(([, spot]) => spot) ? el("button", { type: "button", class: "quiet", "aria-label": t("Find {name} in the picture", table), on: { click: () => find(table) } }, t("Find")) : "", " ",
        el("button", { type: "button", class: "quiet", "aria-label": t("Take {name} out of the sheet", table), on: { click: () => { this.remove(again(table), "", null); this.draw(); } } }, t("Take out")))))));
  }
}
