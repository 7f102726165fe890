// Where a lot stands, class by class: the count against Ac and Re as it grew, and the operating characteristic of each
// plan with the lot's own point and both risks.

import { STANDING, badge, el, outcomeOf, svg } from "./dom.js";
import { say } from "./messages.js";
import { row, table } from "./room.js";

const percent = (share, digits = 3) => `${Number((100 * share).toPrecision(digits))}`;

export function drawTally(body, lot) {
  const curves = lot.classes.filter((c) => c.plan?.oc.length && !c.plan.hundred_percent && c.plan.producer_risk !== null);
  body.replaceChildren(
    el("p", {}, say("tally.about", lot)),
    table(say("part.tally"), ["class", "aql", "n", "ac", "re", "found", "undecided", "standing"].map((c) => say(`column.${c}`)), lot.classes.map(classRow)),
    el("div", { class: "charts" }, lot.classes.filter((c) => c.tally).map(steps)),
    curves.length ? el("h3", {}, say("curve.title")) : "",
    curves.length ? el("div", { class: "charts" }, curves.map(curve)) : "");
}

const standing = (c) => c.tally?.standing ?? outcomeOf(c.accepted);

function classRow(c) {
  const found = standing(c);
  const missing = c.tally?.missing ? say("tally.to-go", { n: c.tally.missing }) : "";
  return row(say(`class.${c.class}`), c.plan ? String(c.aql) : "–", String(c.n), String(c.ac), String(c.re),
    String(c.nonconforming), String(c.undecided), el("td", {}, badge(STANDING[found], say(`standing.${found.replaceAll(" ", "-")}`)), " ", missing));
}

// --- the running count -----------------------------------------------------------------------------------------------

const WIDE = 420, HIGH = 170, LEFT = 40, RIGHT = 62, TOP = 14, FOOT = 34, LINE = 15;

function frame(label, ...parts) {
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${HIGH + TOP + FOOT}`, role: "img", "aria-label": label }, parts.flat(2));
}

const text = (x, y, words, attributes = {}) => svg("text", { x, y, ...attributes }, words);

function running(places, n) {
  return Array.from({ length: n + 1 }, (_, i) => places.filter((at) => at <= i).length);
}

function steps(c) {
  const { tally } = c;
  const count = running(tally.found_at, tally.inspected);
  const open = running(tally.undecided_at, tally.inspected);
  const units = Math.max(c.n, tally.inspected, 1);
  const high = Math.max(c.re + 1, count.at(-1) + open.at(-1) + 1);
  const x = (i) => LEFT + ((WIDE - LEFT - RIGHT) * i) / units;
  const y = (k) => TOP + HIGH * (1 - k / high);
  const line = (values) => values.map((k, i) => (i ? `H${x(i)}V${y(k)}` : `M${x(0)} ${y(k)}`)).join("");
  const back = count.map((k, i) => [i, k]).reverse().map(([i, k], j, all) => (j ? `V${y(k)}H${x(i)}` : `L${x(all[0][0])} ${y(k)}`)).join("");
  const told = say("tally.chart", { class: say(`class.${c.class}`), found: c.nonconforming, inspected: tally.inspected, n: c.n, ac: c.ac, re: c.re });
  const apart = Math.max(0, LINE - (y(c.ac) - y(c.re))) / 2; // where many are found both lines lie close, and their names would one on the other
  const every = Math.ceil(high / 6);
  const levels = Array.from({ length: Math.floor(high / every) + 1 }, (_, i) => i * every);
  return el("figure", { class: "plot" }, el("figcaption", {}, told), frame(told,
    levels.map((k) => [svg("line", { class: "grid", x1: x(0), x2: x(units), y1: y(k), y2: y(k) }), text(LEFT - 6, y(k) + 4, k, { "text-anchor": "end" })]).flat(),
    tally.undecided_at.length ? svg("path", { class: "may-add", d: `${line(count.map((k, i) => k + open[i]))}${back}z` }) : null,
    svg("line", { class: "re", x1: x(0), x2: x(units), y1: y(c.re), y2: y(c.re) }), text(x(units) + 6, y(c.re) + 4 - apart, `Re ${c.re}`, { class: "re-word" }),
    svg("line", { class: "ac", x1: x(0), x2: x(units), y1: y(c.ac), y2: y(c.ac) }), text(x(units) + 6, y(c.ac) + 4 + apart, `Ac ${c.ac}`, { class: "ac-word" }),
    svg("path", { class: "count-line", d: line(count) }),
    svg("circle", { class: "now", cx: x(tally.inspected), cy: y(count.at(-1)), r: 4.5 }),
    [...new Set([0, Math.abs(c.n - tally.inspected) > 0.08 * units ? tally.inspected : c.n, c.n])].map((i) => text(x(i), TOP + HIGH + 16, i, { "text-anchor": "middle" })),
    text(x(units), TOP + HIGH + 31, say("tally.units"), { "text-anchor": "end", class: "axis" })));
}

// --- the operating characteristic ------------------------------------------------------------------------------------

/** The share of lots of quality p that the plan accepts, between the points of its curve. */
export function accepted(points, p) {
  const after = points.findIndex((o) => o.p >= p);
  if (after <= 0) return after === 0 ? points[0].pa : points.at(-1).pa;
  const [a, b] = [points[after - 1], points[after]];
  return a.pa + ((b.pa - a.pa) * (p - a.p)) / (b.p - a.p);
}

function curve(c) {
  const { plan } = c;
  const inspected = c.tally?.inspected ?? 0;
  const own = inspected ? c.nonconforming / inspected : null;
  const end = Math.max(1.35 * plan.consumer_quality, 1.08 * (own ?? 0));
  const x = (p) => LEFT + 8 + ((WIDE - LEFT - 24) * p) / end;
  const y = (pa) => TOP + HIGH * (1 - pa);
  const points = plan.oc.filter((o) => o.p <= end);
  const aql = plan.aql / 100;
  const marks = [
    { p: aql, pa: 1 - plan.producer_risk, shape: "circle", words: say("curve.producer", { aql: plan.aql, risk: percent(plan.producer_risk) }) },
    { p: plan.consumer_quality, pa: 0.1, shape: "triangle", words: say("curve.consumer", { p: percent(plan.consumer_quality) }) },
  ];
  if (own !== null) marks.push({ p: own, pa: accepted(plan.oc, own), shape: "diamond", words: say("curve.own", { found: c.nonconforming, of: inspected, p: percent(own), pa: percent(accepted(plan.oc, own), 2) }) });
  const name = say("curve.of", { class: say(`class.${c.class}`), n: c.n, ac: c.ac, re: c.re });
  const step = tick(100 * end);
  const ticks = Array.from({ length: Math.floor((100 * end) / step) + 1 }, (_, i) => i * step);
  return el("figure", { class: "plot" }, el("figcaption", {}, name), frame(`${name}: ${marks.map((m) => m.words).join("; ")}`,
    [0, 0.25, 0.5, 0.75, 1].map((v) => [svg("line", { class: "grid", x1: x(0), x2: x(end), y1: y(v), y2: y(v) }), text(LEFT + 2, y(v) + 4, `${100 * v} %`, { "text-anchor": "end" })]).flat(),
    ticks.map((v) => text(x(v / 100), TOP + HIGH + 16, Number(v.toPrecision(3)), { "text-anchor": "middle" })),
    text(x(end), TOP + HIGH + 31, say(plan.per_100_units ? "curve.per-100" : "curve.percent"), { "text-anchor": "end", class: "axis" }),
    svg("path", { class: "oc", d: points.map((o, i) => `${i ? "L" : "M"}${x(o.p)} ${y(o.pa)}`).join("") }),
    marks.map((m) => mark(m.shape, x(m.p), y(m.pa)))),
  el("ul", { class: "legend" }, marks.map((m) => el("li", {}, svg("svg", { class: "chart", viewBox: "0 0 16 16", "aria-hidden": "true" }, mark(m.shape, 8, 8)), m.words))));
}

function mark(shape, x, y) {
  const d = { circle: "M-5 0a5 5 0 1 1 10 0a5 5 0 1 1-10 0z", triangle: "M0-6L6 5H-6z", diamond: "M0-7L7 0 0 7-7 0z" }[shape];
  return svg("path", { class: `mark ${shape}`, d, transform: `translate(${x} ${y})` });
}

function tick(end) {
  const unit = 10 ** Math.floor(Math.log10(end / 5));
  return [1, 2, 5, 10].map((k) => unit * k).find((s) => end / s <= 8);
}
