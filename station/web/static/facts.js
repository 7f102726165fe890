// What stands beside the pictures: reasons in words, numbers as bars against their limits, gates, history, the lot's tally.

import { badge, dayAndTime, digits, el, shape, svg } from "./dom.js";

const AT_ONCE = 4; // reasons shown without asking
const GRAVITY = { nonconforms: 0, undecided: 1, conforms: 2 };
const KINDS = { "offset-x": "offset right", "offset-y": "offset down", "boundary-shift": "boundary shift" };
const DECIDED = { accept: ["conforms", "accepted"], reject: ["nonconforms", "rejected"], defer: ["undecided", "deferred"], undo: [null, "undone"] };

const nameOf = (m) => m.characteristic.slice(m.characteristic.indexOf(":") + 1);
const kindOf = (m) => KINDS[m.kind] ?? m.kind;
const extentOf = (f) => (f.kind === "scratch" ? f.length_mm : f.size_mm);

/** The places of a unit that are worth a look, worst first: flagged findings, and flagged measurements by their name. */
export function placesOf(document) {
  const found = document.findings.filter((f) => f.verdict !== "conforms").map((f) => ({
    x: f.x_mm, y: f.y_mm, verdict: f.verdict, ring: true, outline: f.polygon_mm,
    radius: Math.max(f.size_mm * 0.9, f.length_mm * 0.6),
    title: `${f.kind} ${extentOf(f).toFixed(2)} mm`, source: f, excess: f.limit_mm ? extentOf(f) / f.limit_mm : extentOf(f),
  }));
  const named = new Map();
  for (const m of document.measurements) {
    if (m.verdict === "conforms" || !m.where_mm) continue;
    const at = m.where_mm.join();
    const place = named.get(at) ?? { x: m.where_mm[0], y: m.where_mm[1], verdict: m.verdict, ring: false, radius: 1.5, title: "", sources: [], excess: 0, whole: m.kind === "size", lines: [] };
    place.sources.push(m);
    if (m.detail?.points_mm?.length > 1 && m.unit === "mm") place.lines.push(dimension(m));
    place.excess = Math.max(place.excess, excessOf(m));
    if (GRAVITY[m.verdict] < GRAVITY[place.verdict]) place.verdict = m.verdict;
    place.title = `${nameOf(m)}: ${place.sources.map((s) => `${kindOf(s)} ${valueOf(s)}`).join(", ")}`;
    named.set(at, place);
  }
  return [...found, ...named.values()].sort((a, b) => GRAVITY[a.verdict] - GRAVITY[b.verdict] || b.excess - a.excess);
}

/** How far a value lies from its nominal, in tolerances: 1 is at the limit. */
function excessOf(m) {
  if (m.value === null || m.upper === null) return 1;
  const centre = m.lower === null ? 0 : (m.lower + m.upper) / 2;
  return Math.abs(m.value - centre) / (m.upper - centre || 1);
}

const UNITS = { CIEDE2000: "ΔE00", deg: "°", 1: "" };
const unitOf = (m) => UNITS[m.unit] ?? m.unit;

/** Value and u as texts; a colour as its reason shows it, else with two decimals, so that no two roundings stand side by side. */
function shownOf(m) {
  if (m.unit !== "CIEDE2000") return [m.value.toFixed(digits(m.u)), m.u.toFixed(digits(m.u))];
  const said = /is ([\d.]+) CIEDE2000.*?\(u ([\d.]+)\)/.exec(m.reason ?? "");
  return said ? [said[1], said[2]] : [m.value.toFixed(2), m.u.toFixed(2)];
}

function valueOf(m) {
  if (m.value === null) return "not measured";
  const unit = unitOf(m);
  const [value] = shownOf(m);
  return unit === "ΔE00" ? `ΔE00 ${value}` : `${value}${unit === "°" ? "" : " "}${unit}`.trim();
}

function limitsOf(m) {
  const d = (v) => String(Number(v.toFixed(4)));
  if (m.lower !== null && m.upper !== null) return `${d(m.lower)} to ${d(m.upper)}`;
  if (m.detail?.accept !== undefined && m.upper !== null) return `accept ${d(m.detail.accept)}, reject ${d(m.upper)}`;
  if (m.upper !== null) return `at most ${d(m.upper)}`;
  return m.lower !== null ? `at least ${d(m.lower)}` : "no limit";
}

/** A bar: the allowed span, limits as ticks, the nominal dashed, the value as its verdict's shape, +-u as a whisker. */
function bar(m) {
  const low = m.lower ?? 0;
  const high = m.upper ?? Math.max(m.lower ?? 0, m.value ?? 0) * 1.5;
  const span = high - low || 1;
  let [from, to] = m.lower === null ? [0, high + span * 0.6] : [low - span * 0.5, high + span * 0.5];
  if (m.value !== null) {
    if (m.lower !== null) from = Math.max(low - span * 2.5, Math.min(from, m.value - m.u - span * 0.08));
    to = Math.min(high + span * 2.5, Math.max(to, m.value + m.u + span * 0.08));
  }
  const share = (v) => Math.min(1, Math.max(0, (v - from) / (to - from)));
  const at = (v) => `${(100 * share(v)).toFixed(2)}%`;
  const wide = (a, b) => `${(100 * (share(b) - share(a))).toFixed(2)}%`;
  const parts = [svg("rect", { class: "track", x: 0, y: 7, width: "100%", height: 6, rx: 1 })];
  const limited = m.lower !== null || m.upper !== null;
  if (limited) {
    const accept = m.detail?.accept ?? high;
    parts.push(svg("rect", { class: "allowed", x: at(low), y: 7, width: wide(low, accept), height: 6 }));
    if (accept < high) parts.push(svg("rect", { class: "between", x: at(accept), y: 7, width: wide(accept, high), height: 6 }));
    for (const limit of [m.lower, m.upper, accept < high ? accept : null]) {
      if (limit !== null) parts.push(svg("line", { class: "limit", x1: at(limit), x2: at(limit), y1: 3, y2: 17 }));
    }
  }
  if (m.nominal !== null && m.nominal > from) parts.push(svg("line", { class: "nominal", x1: at(m.nominal), x2: at(m.nominal), y1: 5, y2: 15 }));
  if (m.value !== null) {
    if (m.u > 0) {
      parts.push(svg("line", { class: "whisker", x1: at(m.value - m.u), x2: at(m.value + m.u), y1: 10, y2: 10 }));
      for (const end of [m.value - m.u, m.value + m.u]) if (share(end) > 0 && share(end) < 1) parts.push(svg("line", { class: "whisker", x1: at(end), x2: at(end), y1: 7, y2: 13 }));
    }
    const mark = shape(m.verdict);
    for (const [k, v] of Object.entries({ x: at(m.value), y: 4, width: 12, height: 12, overflow: "visible" })) mark.setAttribute(k, v);
    mark.firstChild.setAttribute("transform", "translate(-8 0)");
    parts.push(mark);
  }
  const off = m.value !== null && (m.value > to || m.value < from) ? ", beyond the scale" : "";
  return svg("svg", { class: "bar", width: "100%", height: 20, role: "img", "aria-label": `${valueOf(m)}, limits ${limitsOf(m)}${off}` }, ...parts);
}

function measurement(m, places, choose) {
  const index = places.findIndex((p) => p.sources?.includes(m) || (m.finding && p.source === m.finding));
  const head = el("div", { class: "row" },
    el("span", { class: "name" }, numberOf(index, m.verdict, choose), `${nameOf(m)} `, el("i", {}, kindOf(m))),
    el("span", { class: "value" }, valueOf(m), m.value !== null && m.u > 0 ? el("span", { class: "u" }, ` ± ${shownOf(m)[1]}`) : ""));
  const foot = el("div", { class: "row limits" }, el("span", {}, shape(m.verdict), [m.verdict, m.class].filter(Boolean).join(", ")), el("span", {}, limitsOf(m)));
  if (m.verdict !== "conforms" && typeof m.dL === "number") foot.append(el("span", {}, `ΔL ${signed(m.dL)}   ΔC ${signed(m.dC)}   ΔH ${signed(m.dH)}`));
  return el("li", { class: `measure ${m.verdict}`, "data-place": index < 0 ? null : index }, head, bar(m), foot);
}

/** Mark the row of a place and bring it into view; -1 marks none. */
export function markPlace(target, index) {
  for (const row of target.querySelectorAll(".measure")) row.classList.toggle("chosen", Number(row.dataset.place ?? -2) === index);
  target.querySelector(".measure.chosen")?.scrollIntoView({ block: "nearest" });
}

const signed = (v) => (v === null ? "–" : `${v <= -0.05 ? "−" : "+"}${Math.abs(v).toFixed(1)}`);

function numberOf(index, verdict, choose) {
  if (index < 0) return "";
  return el("button", { class: `number ${verdict}`, type: "button", "aria-label": `Zoom to place ${index + 1}`, on: { click: () => choose(index) } }, String(index + 1));
}

function findingAsMeasure(f) {
  return {
    characteristic: `${f.kind}:${f.region || "part"}`, kind: f.kind, unit: "mm", u: f.u_mm, value: extentOf(f), nominal: null,
    lower: null, upper: f.limit_mm, class: f.class, verdict: f.verdict, detail: {}, dL: null, finding: f,
  };
}

export function drawFacts(target, unit, document, reviews, places, choose) {
  const rows = document.measurements.map((m) => [m, measurement(m, places, choose)]);
  for (const f of document.findings) {
    const m = findingAsMeasure(f);
    rows.push([m, measurement(m, places, choose)]);
  }
  const order = ([m, row]) => Number(row.dataset.place ?? places.length + GRAVITY[m.verdict]); // as the places are numbered
  const flagged = rows.filter(([m]) => m.verdict !== "conforms").sort((a, b) => order(a) - order(b));
  const fine = rows.filter(([m]) => m.verdict === "conforms");
  const gates = document.gates.filter((g) => !g.ok && !document.reasons.some((r) => r.includes(g.reason)));
  const remarks = (name) => document.gates.filter((g) => g.ok && g.name === name && g.reason);
  const remarked = (title, found) =>
    found.length ? section(title, el("ul", { class: "why remarks" }, found.map((g) => el("li", {}, sentence(g.reason))))) : "";
  target.replaceChildren(
    section("Why", why(document.reasons)),
    remarked("Remarks on the photo", remarks("photo")),
    remarked("Remarks on the unit", [...remarks("residual"), ...remarks("cross-check")]),
    gates.length ? section("Not fit to measure", el("ul", { class: "why" }, gates.map((g) => el("li", {}, el("b", {}, g.name), ` ${g.reason}`)))) : "",
    flagged.length ? section(`Beyond or near a limit`, el("ul", { class: "measures" }, flagged.map(([, row]) => row)), flagged.length) : "",
    section("History", history(reviews)),
    fine.length ? section("Conforms", el("ul", { class: "measures fine" }, fine.map(([, row]) => row)), fine.length) : "",
    el("p", { class: "source" }, `Inspected ${dayAndTime(unit.inspected_at)} by ${document.program}, model ${document.model}.`,
      el("br"), `Record ${document.digest.slice(0, 12)} · sheet ${document.sheet_digest.slice(0, 12)}`,
      unit.annotated_sha256 ? [el("br"), el("a", { href: `/api/v1/pictures/${unit.annotated_sha256}`, target: "_blank" }, "Annotated picture")] : ""),
  );
  target.scrollTop = 0;
}

/** The worst reasons at once, the rest on demand. */
function why(reasons) {
  const list = (some) => el("ul", { class: "why" }, some.map((r) => el("li", {}, sentence(r))));
  if (!reasons.length) return el("p", { class: "none" }, "Nothing to remark.");
  const [first, rest] = [reasons.slice(0, AT_ONCE), reasons.slice(AT_ONCE)];
  return el("div", {}, list(first), rest.length ? el("details", {}, el("summary", {}, `and ${rest.length} more`), list(rest)) : "");
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function section(title, content, count) {
  return el("section", {}, el("h3", {}, title, count ? el("span", { class: "count" }, String(count)) : ""), content);
}

function history(reviews) {
  if (!reviews.length) return el("p", { class: "none" }, "Nobody has reviewed this unit yet.");
  return el("ol", { class: "history" }, [...reviews].reverse().map((r, i) => {
    const [verdict, word] = DECIDED[r.decision];
    return el("li", { class: i ? "past" : "" },
      el("span", { class: "row" }, el("b", {}, verdict ? shape(verdict) : "↶ ", word), el("span", { class: "u" }, dayAndTime(r.at))),
      r.reason ? el("span", {}, r.reason) : "",
      el("span", { class: "u" }, `${r.reviewer} · review ${r.id}${r.supersedes ? `, supersedes ${r.supersedes}` : ""}`));
  }));
}

/** The lot as it would be decided now. `lot` is null where the unit belongs to none, `document` where its size is unknown. */
export function drawTally(target, lot, document, { setSize, record }) {
  if (!lot) {
    target.replaceChildren(el("p", { class: "none" }, "No lot to tally here."));
    return;
  }
  const size = el("input", { id: "lot-size", type: "number", min: "1", max: "1000000000", required: true, value: document?.size ?? "", inputmode: "numeric" });
  const form = el("form", { class: "size", on: { submit: (event) => { event.preventDefault(); setSize(size.valueAsNumber); } } },
    el("label", {}, "Units in the lot ", size), el("button", { class: "quiet", type: "submit" }, document ? "Change" : "Show the tally"));
  const head = el("div", { class: "lot" },
    el("h2", {}, `Lot ${lot.lot} `, el("span", { class: "u" }, `${lot.inspected} inspected`)),
    el("p", {}, `${lot.conforms} conform, ${lot.nonconforms} do not, ${lot.undecided} undecided`), form);
  if (!document) {
    target.replaceChildren(head, el("p", { class: "none" }, "Ac and Re follow from the size of the lot: enter how many units it has."));
    return;
  }
  const verdicts = { accepted: "conforms", rejected: "nonconforms", open: "undecided" };
  const same = lot.decision === document.decision;
  target.replaceChildren(head,
    el("ul", { class: "classes" }, document.classes.map(oneClass)),
    el("div", { class: "decision" },
      badge(verdicts[document.decision], document.decision === "open" ? "still open" : `to be ${document.decision}`),
      el("p", {}, `Recorded: ${lot.decision ?? "nothing yet"}`),
      el("button", { class: "quiet", type: "button", on: { click: record } }, same ? "Record again" : "Record the decision")));
}

function oneClass(c) {
  const verdict = c.accepted === null ? "undecided" : c.accepted ? "conforms" : "nonconforms";
  const steps = Math.max(c.re, Math.min(c.nonconforming + c.undecided, c.re + 6));
  const cells = steps > 24 ? null : Array.from({ length: steps }, (_, i) => el("i", {
    class: `${i < c.nonconforming ? "bad" : i < c.nonconforming + c.undecided ? "open" : ""}${i === c.re - 1 ? " re" : ""}`,
  }));
  return el("li", { class: verdict, title: c.reason },
    el("div", { class: "row" },
      el("h3", {}, shape(verdict), `${c.class}: ${{ conforms: "accepted", nonconforms: "rejected", undecided: "open" }[verdict]}`),
      el("p", { class: "u" }, `AQL ${c.aql}  `, "Ac ", el("b", {}, String(c.ac)), "  Re ", el("b", {}, String(c.re)))),
    cells ? el("div", { class: "cells", "aria-hidden": "true" }, cells) : "",
    el("p", {}, el("b", {}, String(c.nonconforming)), " nonconforming", c.undecided ? [", ", el("b", {}, String(c.undecided)), " undecided"] : "", el("span", { class: "u" }, ` of ${c.n}`)));
}

/** Between which points a length was read; a diameter, which is told by centre and rim, goes right across. */
function dimension(m) {
  const [[x, y], [rimX, rimY]] = m.detail.points_mm;
  const across = m.kind === "size" && (m.characteristic.includes("diameter") || /^(hole-)?diameter$/.test(m.detail.feature ?? ""));
  return across ? [[2 * x - rimX, 2 * y - rimY], [rimX, rimY]] : m.detail.points_mm;
}
