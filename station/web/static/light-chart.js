// A value over time with the bounds that it may not leave: a line with a mark for each, crossed where it is out of bounds.

import { COLON, COMMA, LOCALE } from "./words.js";
import { el, svg } from "./dom.js";

const WIDE = 420, HIGH = 150, LEFT = 46, RIGHT = 14, TOP = 12, FOOT = 30;
const DAY_MS = 86400000;

const text = (x, y, words, attributes = {}) => svg("text", { x, y, ...attributes }, words);
const plain = (v) => String(Number(v.toPrecision(3))).replace("-", "−");

/** The distance of lines of a scale, so that three to five lie within a span. */
function tick(span) {
  const unit = 10 ** Math.floor(Math.log10(span / 4));
  return [1, 2, 5, 10].map((k) => unit * k).find((s) => span / s <= 4);
}

/** points : at, value, ok, words. low, high : bounds. zero : the scale begins at 0. around : what the scale contains.
 * order : `at` is a number in a row, not a time. */
export function chart(title, points, { low = null, high = null, zero = false, around = null, order = false }) {
  const values = [...points.map((p) => p.value), ...[low, high, around, zero ? 0 : null].filter((v) => v !== null)];
  let [bottom, top] = [Math.min(...values), Math.max(...values)];
  const step = tick(Math.max(top - bottom, Math.abs(top) * 0.02, 1e-3) * 1.1);
  [bottom, top] = [Math.floor(bottom / step) * step, Math.ceil(top / step + 0.2) * step];
  const ticks = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, i) => bottom + i * step);
  const [first, last] = [points[0].at, points.at(-1).at];
  const x = (at) => (last > first ? LEFT + ((WIDE - LEFT - RIGHT) * (at - first)) / (last - first) : (LEFT + WIDE - RIGHT) / 2);
  const y = (v) => TOP + HIGH * (1 - (v - bottom) / (top - bottom));
  const when = (at) => (order ? "" : new Date(at).toLocaleDateString(LOCALE, last - first > DAY_MS ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" }));
  const bounds = [low, high].filter((v) => v !== null);
  const told = `${title}${COLON}${points.map((p) => plain(p.value)).slice(-12).join(COMMA)}`;
  const ends = order || last === first ? [] : [text(x(first), TOP + HIGH + 18, when(first)), text(x(last), TOP + HIGH + 18, when(last), { "text-anchor": "end" })];
  return el("figure", { class: "plot" }, el("figcaption", {}, title), svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${HIGH + TOP + FOOT}`, role: "img", "aria-label": told },
    ticks.map((v) => [svg("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: y(v), y2: y(v) }), text(LEFT - 5, y(v) + 4, plain(v), { "text-anchor": "end" })]).flat(),
    bounds.map((v) => [svg("line", { class: "re", x1: LEFT, x2: WIDE - RIGHT, y1: y(v), y2: y(v) }), text(WIDE - RIGHT, y(v) - 4, plain(v), { class: "re-word", "text-anchor": "end" })]).flat(),
    svg("path", { class: "count-line", d: points.map((p, i) => `${i ? "L" : "M"}${x(p.at)} ${y(p.value)}`).join("") }),
    points.map((p) => svg("g", { transform: `translate(${x(p.at)} ${y(p.value)})` }, svg("title", {}, `${p.words}: ${plain(p.value)}`),
      p.ok ? svg("circle", { class: "now", r: 3.2 }) : svg("path", { class: "mark diamond", d: "M0-7L7 0 0 7-7 0z" }))),
    ends));
}
