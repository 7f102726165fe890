// The limits of the control sheet beside what the bench and the model can prove: one that lies below it is plain to see,
// by a bar across its mark, a word and a shape.

import { badge, el, svg } from "./dom.js";
import { command, day, original, row, table } from "./room.js";
import { count, named, t } from "./words.js";

const SHAPE = { proven: "conforms", below: "nonconforms", unknown: "undecided" };
const WIDE = 120;

const plain = (value) => (value === null ? "–" : String(Number(value.toPrecision(4))).replace("-", "−"));

/** What stands behind a number of a row. */
const unitOf = (r) => ({ 1: "", deg: "°" }[r.unit] ?? ` ${r.unit}`);

function limit(r) {
  const unit = unitOf(r);
  if (r.what === "colour") return t("at most {upper}, rejected above {review}", { upper: plain(r.upper), review: plain(r.review) });
  if (r.lower !== null && r.upper !== null) return `${plain(r.lower)} … ${plain(r.upper)}${unit}`;
  if (r.upper !== null) return t("at most {limit}", { limit: `${plain(r.upper)}${unit}` });
  if (r.lower !== null) return t("at least {limit}", { limit: `${plain(r.lower)}${unit}` });
  return t("no limit");
}

function own(r) {
  if (r.lab) return r.lab.map((v) => v.toFixed(1).replace("-", "−")).join(" / ");
  if (r.own === null) return "–";
  return r.u ? `${r.own.toFixed(3)} ± ${r.u.toPrecision(2)}` : r.own.toFixed(3);
}

/** Bar: what can be proven; mark: the limit. */
function bar(r) {
  if (r.proven_from === null || r.tolerance === null) return "";
  const whole = 1.25 * Math.max(r.proven_from, r.tolerance);
  const x = (v) => (WIDE * v) / whole;
  return svg("svg", { class: `proof ${r.state}`, viewBox: `0 0 ${WIDE} 16`, "aria-hidden": "true" },
    svg("rect", { class: "room", width: WIDE, height: 6, y: 5 }), svg("rect", { class: "proven-to", width: x(r.proven_from), height: 6, y: 5 }),
    svg("path", { class: "limit-mark", d: `M${x(r.tolerance)} 0V16` }));
}

const standing = (r) => (SHAPE[r.state] ? badge(SHAPE[r.state], { proven: t("proven"), below: t("below what is proven"), unknown: t("not known") }[r.state]) : t("by hand"));

function name(r) {
  const kind = r.what === "defect" ? named(r.name) : `${named(r.what)} · ${r.name}`;
  return r.where ? `${kind} (${r.where})` : kind;
}

export function drawLimits(body, found, study) {
  const proofs = found.rows.filter((r) => r.state === "below");
  const unknown = found.rows.filter((r) => r.state === "unknown").length;
  const rows = found.rows.map((r) => {
    const line = row(name(r), named(r.class), limit(r), el("td", { class: "numbers" }, own(r)),
      el("td", { class: "numbers" }, r.proven_from === null ? "–" : t("from {value}", { value: `${plain(Number(r.proven_from.toPrecision(2)))}${unitOf(r)}` }), bar(r)),
      el("td", {}, standing(r), r.reason ? el("details", { class: "why" }, el("summary", {}, t("Why")), original("p", {}, r.reason)) : ""));
    line.classList.toggle("below", r.state === "below");
    return line;
  });
  const said = proofs.length ? count(proofs.length, "{n} limit lies below what can be proven: units stay undecided there.", "{n} limits lie below what can be proven: units stay undecided there.")
    : unknown ? count(unknown, "Of {n} limit it is not known whether it can be proven.", "Of {n} limits it is not known whether they can be proven.") : t("Every limit that is measured here can be proven.");
  body.replaceChildren(
    el("p", {}, badge(proofs.length ? "nonconforms" : unknown ? "undecided" : "conforms", said)),
    el("p", { class: "u" }, t("The bar is the smallest tolerance that a unit like the golden can be proven to keep; the upright line is the limit. Of defects the bar is the size found in 90 % of cases with 95 % confidence.")),
    table(t("Limits"), [t("Characteristic"), t("Class"), t("Limit"), t("Golden's own"), t("Provable"), t("Standing")], rows),
    found.command ? el("div", { class: "deciding" }, el("p", {}, t("No capability study holds for this version, the model and the program: what is found is not known.")), command(found.command), study)
      : found.study ? el("p", { class: "u" }, t("Capability study of {day}.", { day: day(found.study) })) : "");
}
