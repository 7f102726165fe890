// What a control sheet places on the golden sample: where each region, mark and size lies, the text with one of them
// changed, and their list.

import { badge, el } from "./dom.js";
import { crossings } from "./golden-border.js";
import { point, tables, withCorner, withCornerAfter, withKey, without, withoutCorner } from "./golden-sheet.js";
import { named, t } from "./words.js";

const KINDS = { regions: t("region"), marks: t("mark"), sizes: named("size") };
const LIMITS = { nominal: [t("nominal"), t("nominal size")], plus: ["+", t("upper tolerance")], minus: ["−", t("lower tolerance")] };

const inPixels = ({ where, name, pixels }) => `${where}\t${name}\t${pixels}`;

/** What a draft tells of the places that its sheet gives in pixels: centres of regions by name, borders by how they are
 *  written, since one that was written anew is not known before it is measured again. */
export function measured({ master, borders }, sheet) {
  const at = { regions: borders, marks: Object.fromEntries(master.marks.map((m) => [m.name, m.polygon_mm])) };
  return {
    centres: Object.fromEntries(master.regions.map((r) => [r.name, r.centre_mm])),
    borders: new Map(tables(sheet).filter((table) => table.pixels).map((table) => [inPixels(table), at[table.where]?.[table.name]])),
  };
}

/** Where a table lies, as the sheet says in millimetres or, where it says it in pixels, as it was measured: the corners of
 *  its border, or single places. */
export function spots(table, known) {
  const single = (places) => ({ border: null, places: places.filter(({ at }) => at) });
  if (table.where === "sizes") return single([{ place: "at", at: table.at, words: t("first point") }, { place: "to", at: table.to, words: t("second point") }]);
  if (table.polygon || table.pixels || table.where === "marks") return { border: table.polygon ?? known.borders.get(inPixels(table)) ?? null, places: [] };
  return single([{ place: "seed", at: table.seed ?? known.centres[table.name], words: t("point") }]);
}

/** All that a sheet places, each with an id that it keeps while other rows come and go. */
export function placedIn(text, known) {
  const seen = new Map();
  return tables(text).map((table) => {
    const called = `${table.where}\t${table.name}`;
    seen.set(called, (seen.get(called) ?? 0) + 1);
    return { id: `${called}\t${seen.get(called)}`, name: table.name, table, ...spots(table, known) };
  });
}

// --- the text with a change ------------------------------------------------------------------------------------------

/** A border that the sheet has in pixels is written anew, in millimetres. */
const anew = (text, { table }, border) => withKey(text, table, "polygon_mm", `[${border.map(point).join(", ")}]`);

export function moved(text, thing, place, corner, at) {
  if (place !== "polygon") return withKey(text, thing.table, `${place}_mm`, point(at));
  return thing.table.polygon ? withCorner(text, thing.table, corner, at) : anew(text, thing, thing.border.with(corner, at));
}

export function inserted(text, thing, after, at) {
  return thing.table.polygon ? withCornerAfter(text, thing.table, after, at) : anew(text, thing, thing.border.toSpliced(after + 1, 0, at));
}

/** Without a corner of a border; null where it would have fewer than three. */
export function cut(text, thing, corner) {
  if (thing.border.length <= 3) return null;
  return thing.table.polygon ? withoutCorner(text, thing.table, corner) : anew(text, thing, thing.border.toSpliced(corner, 1));
}

export const limited = (text, { table }, side, typed) => withKey(text, table, `${side}_${table.unit}`, typed === "golden" ? '"golden"' : typed);

export const takenOut = (text, { table }) => without(text, table);

// --- the list --------------------------------------------------------------------------------------------------------

export class Placed {
  /** does : find(id), take(id), limit(id, side, typed) */
  constructor(does) {
    Object.assign(this, { does, open: true, node: el("div", {}) });
  }

  draw(things) {
    if (this.node.contains(document.activeElement)) return; // somebody writes in it
    const fold = (event) => { this.open = event.target.open; };
    this.node.replaceChildren(el("details", { open: this.open, on: { toggle: fold } }, el("summary", {}, t("In the sheet ({n})", { n: things.length })),
      el("ul", { class: "lines placed-rows" }, things.map((thing) => this.row(thing)))));
  }

  row({ id, name, table, border, places }) {
    const button = (words, label, call) => el("button", { type: "button", class: "quiet", "aria-label": label, on: { click: call } }, words);
    const limit = (side) => el("label", { class: "field" }, LIMITS[side][0], " ", el("input", { size: 6, value: table[side]?.replace(/"/g, "") ?? "", "aria-label": `${name}, ${LIMITS[side][1]}`,
      on: { change: (event) => { if (event.target.value.trim()) this.does.limit(id, side, event.target.value.trim()); } } }));
    return el("li", {}, el("b", { lang: "" }, name), el("span", { class: "u" }, ` ${KINDS[table.where]} `),
      border && crossings(border).length ? badge("nonconforms", t("crosses itself")) : "",
      table.where === "sizes" ? Object.keys(LIMITS).map(limit) : "",
      border || places.length ? button(t("Find"), t("Find {name} in the picture", { name }), () => this.does.find(id)) : "", " ",
      button(t("Take out"), t("Take out {name}", { name }), () => this.does.take(id)));
  }
}
