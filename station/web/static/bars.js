// A number in words, and as a bar against its limits.

import { digits, shape, svg } from "./dom.js";
import { t } from "./words.js";

const UNITS = { CIEDE2000: "ΔE00", deg: "°", 1: "" };
const unitOf = (m) => UNITS[m.unit] ?? m.unit;

/** Value and u as texts; a colour as its reason shows it, else with two decimals, so that no two roundings stand side by side. */
export function shownOf(m) {
  if (m.unit !== "CIEDE2000") return [m.value.toFixed(digits(m.u)), m.u.toFixed(digits(m.u))];
  const said = /is ([\d.]+) CIEDE2000.*?\(u ([\d.]+)\)/.exec(m.reason ?? "");
  return said ? [said[1], said[2]] : [m.value.toFixed(2), m.u.toFixed(2)];
}

export function valueOf(m) {
  if (m.value === null) return t("not measured");
  const unit = unitOf(m);
  const [value] = shownOf(m);
  return unit === "ΔE00" ? `ΔE00 ${value}` : `${value}${unit === "°" ? "" : " "}${unit}`.trim();
}

export function limitsOf(m) {
  const d = (v) => String(Number(v.toFixed(4)));
  if (m.lower !== null && m.upper !== null) return t("{lower} to {upper}", { lower: d(m.lower), upper: d(m.upper) });
  if (m.detail?.accept !== undefined && m.upper !== null) return t("accept {accept}, reject {reject}", { accept: d(m.detail.accept), reject: d(m.upper) });
  if (m.upper !== null) return t("at most {limit}", { limit: d(m.upper) });
  return m.lower !== null ? t("at least {limit}", { limit: d(m.lower) }) : t("no limit");
}

/** A bar: the allowed span, limits as ticks, the nominal dashed, the value as its verdict's shape, +-u as a whisker. */
export function bar(m) {
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
  const off = m.value !== null && (m.value > to || m.value < from) ? t(", beyond the scale") : "";
  return svg("svg", { class: "bar", width: "100%", height: 20, role: "img", "aria-label": t("{value}, limits {limits}", { value: valueOf(m), limits: limitsOf(m) }) + off }, ...parts);
}
