// The places of a unit that are worth a look: its findings, by their number, and flagged measurements, by a letter.

import { valueOf } from "./bars.js";
import { COLON, COMMA, named, t } from "./words.js";

const UNNAMED = new Set(["metal", "other enamel"]); // what the station calls places that are no region of the sheet
export const GRAVITY = { nonconforms: 0, undecided: 1, unlike: 2, aside: 3, conforms: 4 };
const KINDS = { "offset-x": t("offset right"), "offset-y": t("offset down"), "boundary-shift": t("boundary shift") };

export const nameOf = (m) => m.characteristic.slice(m.characteristic.indexOf(":") + 1);
export const kindOf = (m) => KINDS[m.kind] ?? named(m.kind);
/** Where a finding lies: a region by the name that it has in the control sheet, or what lies between them. */
export const regionOf = (f) => (UNNAMED.has(f.region) ? named(f.region) : f.region);
export const extentOf = (f) => (f.kind === "scratch" ? f.length_mm : f.size_mm);

/** All of them, worst first. A quiet one is drawn only while it is chosen. `seen`: the unit's findings as the API lists them. */
export function placesOf(document, seen) {
  const unlike = (number) => seen.disagreements.find((d) => d.number === number) ?? null;
  const found = seen.findings.map((n) => ({ ...placeOf(n.finding), label: String(n.number), numbered: n, unlike: unlike(n.number),
    verdict: n.set_aside ? "aside" : n.finding.verdict }));
  for (const place of found) place.quiet = GRAVITY[place.verdict] > GRAVITY.unlike && !place.unlike;
  const elsewhere = seen.disagreements.filter((d) => d.number === null && d.reference)
    .map((d) => ({ ...placeOf(d.reference), label: "≠", unlike: d, verdict: "unlike" }));
  const places = [...found, ...elsewhere, ...measured(document)];
  places.sort((a, b) => GRAVITY[a.verdict] - GRAVITY[b.verdict] || b.excess - a.excess);
  places.filter((p) => !p.label).forEach((p, i) => { p.label = letters(i); });
  return places;
}

/** a to z, then aa, ab and so on. */
const letters = (i) => (i < 26 ? "" : letters(Math.floor(i / 26) - 1)) + String.fromCharCode(97 + (i % 26));

function placeOf(f) {
  return {
    x: f.x_mm, y: f.y_mm, ring: true, outline: f.polygon_mm, finding: f,
    radius: Math.max(f.size_mm * 0.9, f.length_mm * 0.6),
    title: `${named(f.kind)} ${extentOf(f).toFixed(2)} mm`, excess: f.limit_mm ? extentOf(f) / f.limit_mm : extentOf(f),
  };
}

/** Flagged measurements, those of one spot together. */
function measured(document) {
  const spots = new Map();
  for (const m of document.measurements) {
    if (m.verdict === "conforms" || !m.where_mm) continue;
    const at = m.where_mm.join();
    const place = spots.get(at) ?? { x: m.where_mm[0], y: m.where_mm[1], verdict: m.verdict, ring: false, radius: 1.5, title: "", sources: [], excess: 0, whole: m.kind === "size", lines: [] };
    place.sources.push(m);
    if (m.detail?.points_mm?.length > 1 && m.unit === "mm") place.lines.push(dimension(m));
    place.excess = Math.max(place.excess, excessOf(m));
    if (GRAVITY[m.verdict] < GRAVITY[place.verdict]) place.verdict = m.verdict;
    place.title = `${nameOf(m)}${COLON}${place.sources.map((s) => `${kindOf(s)} ${valueOf(s)}`).join(COMMA)}`;
    spots.set(at, place);
  }
  return [...spots.values()];
}

/** How far a value lies from its nominal, in tolerances: 1 is at the limit. */
function excessOf(m) {
  if (m.value === null || m.upper === null) return 1;
  const centre = m.lower === null ? 0 : (m.lower + m.upper) / 2;
  return Math.abs(m.value - centre) / (m.upper - centre || 1);
}

/** Between which points a length was read; a diameter, which is told by centre and rim, goes right across. */
function dimension(m) {
  const [[x, y], [rimX, rimY]] = m.detail.points_mm;
  const across = m.kind === "size" && (m.characteristic.includes("diameter") || /^(hole-)?diameter$/.test(m.detail.feature ?? ""));
  return across ? [[2 * x - rimX, 2 * y - rimY], [rimX, rimY]] : m.detail.points_mm;
}
