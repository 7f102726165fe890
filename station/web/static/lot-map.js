// Where a lot's defects lie: by carton and by what the cartons are marked with, cell by cell with the units behind it,
// and on the part, kind by kind.

import { badge, byId, el } from "./dom.js";
import { say } from "./messages.js";
import { api, original, row, table } from "./room.js";
import { said } from "./said.js";

const ANY = "";
const MOST_DEFECTS = 8;

export function drawMap(body, lot, map, units) {
  const factors = map.tables.filter((x) => x.rows.length);
  const grid = el("div", {});
  const select = el("select", { on: { change: () => drawGrid(grid, factors[select.value], map, units) } },
    factors.map((f, i) => el("option", { value: i }, factorName(f.factor))));
  body.replaceChildren(
    factors.length ? el("p", {}, el("label", { class: "field" }, say("map.by"), " ", select)) : el("p", { class: "none" }, say("map.no-factor")),
    grid, ...map.remarks.map((r) => original("p", { class: "u" }, r)),
    el("h3", {}, say("map.part")), places(lot, map));
  if (factors.length) drawGrid(grid, factors[0], map, units);
}

const factorName = (name) => say(`factor.${name}`, {}, name.replaceAll("_", " "));

/** The counts of each level, added up over its cartons. */
function levelsOf(table_) {
  const levels = new Map();
  for (const r of table_.rows) {
    const sum = levels.get(r.level) ?? { inspected: 0, nonconforming: 0, defects: {} };
    sum.inspected += r.inspected;
    sum.nonconforming += r.nonconforming;
    for (const [name, n] of Object.entries(r.defects)) sum.defects[name] = (sum.defects[name] ?? 0) + n;
    levels.set(r.level, sum);
  }
  return levels;
}

function drawGrid(grid, factor, map, units) {
  const names = Object.keys(map.defects).slice(0, MOST_DEFECTS);
  const behind = el("div", { id: "behind", role: "region", "aria-live": "polite", tabindex: "-1" });
  const cell = (level, sum, name) => {
    const n = name === ANY ? sum.nonconforming : sum.defects[name] ?? 0;
    if (!n) return el("td", { class: "cell" }, el("span", { class: "none" }, "0"));
    const shade = Math.min(4, Math.ceil((4 * n) / sum.inspected));
    const label = say("map.cell", { n, of: sum.inspected, level, factor: factorName(factor.factor), defect: name ? said(name) : say("map.any") });
    const open = (event) => {
      for (const other of grid.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
      event.currentTarget.setAttribute("aria-pressed", "true");
      unitsBehind(behind, label, units.filter((u) => u.factors[factor.factor] === level && (name === ANY ? u.defects.length : u.defects.includes(name))));
    };
    return el("td", { class: `cell shade-${shade}` }, el("button", { type: "button", "aria-label": `${n} / ${sum.inspected} · ${label}`, "aria-pressed": "false", on: { click: open } }, el("b", {}, n), ` / ${sum.inspected}`));
  };
  const head = [factorName(factor.factor), say("column.inspected"), say("map.any"), ...names.map((n) => original("span", {}, n))];
  grid.replaceChildren(
    table(say("map.title", { factor: factorName(factor.factor) }), head, [...levelsOf(factor)].map(([level, sum]) =>
      row(level, String(sum.inspected), cell(level, sum, ANY), ...names.map((n) => cell(level, sum, n))))),
    el("p", { class: "u" }, say("map.legend")), behind);
}

function unitsBehind(node, title, found) {
  node.replaceChildren(el("h3", {}, title), table(title, ["unit", "standing", "defects"].map((c) => say(`column.${c}`)), found.map((u) => row(
    el("a", { href: `/#unit=${u.id}` }, u.unit), badge(u.standing, say(`verdict.${u.standing}`)), original("td", {}, u.defects.join(", "))))));
  byId("behind").focus({ preventScroll: false });
}

function places(lot, map) {
  if (!map.places.length) return el("p", { class: "none" }, say("map.no-places"));
  return el("div", { class: "densities" }, map.places.map((p, i) => {
    const head = say("map.kind", { kind: said(p.kind), findings: p.findings, units: p.units });
    const spot = p.spot ? say("map.spot", { ...p.spot, x: p.spot.x_mm.toFixed(1), y: p.spot.y_mm.toFixed(1), chance: p.spot.expected.toFixed(1), where: said(p.spot.clock) || say("map.middle") }) : p.p !== null ? say("map.no-spot") : null;
    return el("figure", {}, i < 6 ? el("img", { src: api.density(lot, p.kind), alt: `${head}. ${spot ?? ""}`, loading: "lazy" }) : null,
      el("figcaption", {}, el("b", {}, head), el("br"), spot ?? original("span", {}, p.reason)));
  }));
}
