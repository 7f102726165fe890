// What stands beside the pictures: reasons in words, findings, numbers as bars against their limits, gates, history, the lot's tally.

import { bar, limitsOf, shownOf, valueOf } from "./bars.js";
import { STANDING, badge, dayAndTime, el, outcomeOf, shape } from "./dom.js";
import { GRAVITY, kindOf, nameOf } from "./places.js";
import { said, wordOf } from "./said.js";
import { inForce } from "./second-look.js";
import { COLON, COMMA, DONE, named, t } from "./words.js";

const AT_ONCE = 4; // reasons shown without asking

const STANDS = { accepted: t("to be accepted"), rejected: t("to be rejected"), open: t("still open") };

function measurement(m, places, choose, why) {
  const index = places.findIndex((p) => p.sources?.includes(m));
  const head = el("div", { class: "row" },
    el("span", { class: "name" }, numberOf(places, index, choose), `${nameOf(m)} `, el("i", {}, kindOf(m))),
    el("span", { class: "value" }, valueOf(m), m.value !== null && m.u > 0 ? el("span", { class: "u" }, ` ± ${shownOf(m)[1]}`) : ""));
  const foot = el("div", { class: "row limits" }, el("span", {}, shape(m.verdict), [m.verdict, m.class].filter(Boolean).map(named).join(COMMA)), el("span", {}, limitsOf(m)));
  if (m.verdict !== "conforms" && typeof m.dL === "number") foot.append(el("span", {}, `ΔL ${signed(m.dL)}   ΔC ${signed(m.dC)}   ΔH ${signed(m.dH)}`));
  return el("li", { class: `measure ${m.verdict}`, "data-place": index < 0 ? null : index }, head, el("button", { type: "button", class: "bar-button", "aria-haspopup": "dialog", title: t("Where this number comes from"), "aria-label": `${nameOf(m)} ${kindOf(m)}${COLON}${t("Where this number comes from")}`, on: { click: () => why(m) } }, bar(m)), foot);
}

/** Mark the row of a place and bring it into view; -1 marks none. */
export function markPlace(target, index) {
  for (const row of target.querySelectorAll("[data-place]")) row.classList.toggle("chosen", Number(row.dataset.place) === index);
  target.querySelector(".chosen[data-place]")?.scrollIntoView({ block: "nearest" });
}

const signed = (v) => (v === null ? "–" : `${v <= -0.05 ? "−" : "+"}${Math.abs(v).toFixed(1)}`);

/** The button that goes to a place. */
export function numberOf(places, index, choose) {
  if (index < 0) return "";
  const { label, verdict } = places[index];
  return el("button", { class: `number ${verdict}`, type: "button", "aria-label": t("Zoom to place {label}", { label }), on: { click: () => choose(index) } }, label);
}

/** choose(index): goes to a place; why(measurement): tells where it comes from; findings: the section of findings.js. */
export function drawFacts(target, unit, document, reviews, places, { choose, why, findings }) {
  const rows = document.measurements.map((m) => [m, measurement(m, places, choose, why)]);
  const order = ([m, row]) => Number(row.dataset.place ?? places.length + GRAVITY[m.verdict]); // as the places are numbered
  const flagged = rows.filter(([m]) => m.verdict !== "conforms").sort((a, b) => order(a) - order(b));
  const fine = rows.filter(([m]) => m.verdict === "conforms");
  const gates = document.gates.filter((g) => !g.ok && !document.reasons.some((r) => r.includes(g.reason)));
  const remarks = (name) => document.gates.filter((g) => g.ok && g.name === name && g.reason);
  const remarked = (title, found) =>
    found.length ? section(title, el("ul", { class: "why remarks" }, found.map((g) => el("li", {}, sentence(g.reason))))) : "";
  target.replaceChildren(
    section(t("Why"), reasonsOf(document.reasons)),
    remarked(t("Remarks on the photo"), remarks("photo")),
    remarked(t("Remarks on the unit"), [...remarks("residual"), ...(document.disagreements?.length ? [] : remarks("cross-check"))]),
    gates.length ? section(t("Not fit to measure"), el("ul", { class: "why" }, gates.map((g) => el("li", {}, el("b", {}, wordOf("gate", g.name)), ` ${said(g.reason)}`)))) : "",
    findings,
    flagged.length ? section(t("Beyond or near a limit"), el("ul", { class: "measures" }, flagged.map(([, row]) => row)), flagged.length) : "",
    section(t("History"), history(reviews, unit)),
    fine.length ? section(t("Conforms"), el("ul", { class: "measures fine" }, fine.map(([, row]) => row)), fine.length) : "",
    el("p", { class: "source" }, t("Inspected {when} by {program}, model {model}.", { when: dayAndTime(unit.inspected_at), program: document.program, model: document.model }),
      el("br"), t("Record {record} · sheet {sheet}", { record: document.digest.slice(0, 12), sheet: document.sheet_digest.slice(0, 12) }),
      unit.annotated_sha256 ? [el("br"), el("a", { href: `/api/v1/pictures/${unit.annotated_sha256}`, target: "_blank" }, t("Annotated picture"))] : ""),
  );
}

/** The worst reasons at once, the rest on demand. */
function reasonsOf(reasons) {
  const list = (some) => el("ul", { class: "why" }, some.map((r) => el("li", {}, sentence(r))));
  if (!reasons.length) return el("p", { class: "none" }, t("Nothing to remark."));
  const [first, rest] = [reasons.slice(0, AT_ONCE), reasons.slice(AT_ONCE)];
  return el("div", {}, list(first), rest.length ? el("details", {}, el("summary", {}, t("and {n} more", { n: rest.length })), list(rest)) : "");
}

/** A sentence of the record, said in the language of the page. */
export function sentence(text) {
  const again = said(text);
  return again.charAt(0).toUpperCase() + again.slice(1);
}

function section(title, content, count) {
  return el("section", {}, el("h3", {}, title, count ? el("span", { class: "count" }, String(count)) : ""), content);
}

function history(reviews, unit) {
  if (!reviews.length) return el("p", { class: "none" }, t("Nobody has reviewed this unit yet."));
  return el("ol", { class: "history" }, [...reviews].reverse().map((r, i) => {
    const verdict = STANDING[r.decision];
    const overtaken = r.id === unit.review?.id && !inForce(unit);
    return el("li", { class: overtaken || (i && r.id !== reviews.at(-1).disputes) ? "past" : "" },
      el("span", { class: "row" }, el("b", {}, verdict ? shape(verdict) : "↶ ", DONE[r.decision]), el("span", { class: "u" }, dayAndTime(r.at))),
      r.reason ? el("span", {}, t(r.reason)) : "",
      overtaken ? el("span", {}, t("overtaken by values entered since")) : "",
      el("span", { class: "u" }, t("{reviewer} · review {id}", r) + (r.supersedes ? t(", supersedes {supersedes}", r) : "")));
  }));
}

/** The lot as it would be decided now. `lot` is null where the unit belongs to none, `document` where its size is unknown. */
export function drawTally(target, lot, document, { setSize, record }) {
  if (!lot) {
    target.replaceChildren(el("p", { class: "none" }, t("No lot to tally here.")));
    return;
  }
  const size = el("input", { id: "lot-size", type: "number", min: "1", max: "1000000000", required: true, value: document?.size ?? "", inputmode: "numeric" });
  const form = el("form", { class: "size", on: { submit: (event) => { event.preventDefault(); setSize(size.valueAsNumber); } } },
    el("label", {}, t("Units in the lot"), " ", size), el("button", { class: "quiet", type: "submit" }, document ? t("Change") : t("Show the tally")));
  const head = el("div", { class: "lot" },
    el("h2", {}, t("Lot {lot}", lot), " ", el("span", { class: "u" }, t("{inspected} inspected", lot))),
    el("p", {}, t("{conforms} conforming, {nonconforms} nonconforming, {undecided} undecided", lot)), form);
  if (!document) {
    target.replaceChildren(head, el("p", { class: "none" }, t("Ac and Re follow from the size of the lot: enter how many units it has.")));
    return;
  }
  const same = lot.decision === document.decision;
  target.replaceChildren(head,
    el("ul", { class: "classes" }, document.classes.map(oneClass)),
    el("div", { class: "decision" },
      badge(STANDING[document.decision], STANDS[document.decision]),
      el("p", {}, t("Recorded: {what}", { what: lot.decision ? named(lot.decision) : t("nothing yet") })),
      el("button", { class: "quiet", type: "button", on: { click: record } }, same ? t("Record again") : t("Record the decision"))));
}

function oneClass(c) {
  const standing = outcomeOf(c.accepted);
  const verdict = STANDING[standing];
  const steps = Math.max(c.re, Math.min(c.nonconforming + c.undecided, c.re + 6));
  const cells = steps > 24 ? null : Array.from({ length: steps }, (_, i) => el("i", {
    class: `${i < c.nonconforming ? "bad" : i < c.nonconforming + c.undecided ? "open" : ""}${i === c.re - 1 ? " re" : ""}`,
  }));
  return el("li", { class: verdict, title: said(c.reason) },
    el("div", { class: "row" },
      el("h3", {}, shape(verdict), `${named(c.class)}${COLON}${named(standing)}`),
      el("p", { class: "u" }, `AQL ${c.aql}  `, c.stages > 1 ? t("sample {stage} of {stages}  ", c) : "", "Ac ", el("b", {}, c.ac < 0 ? "-" : String(c.ac)), "  Re ", el("b", {}, String(c.re)))),
    cells ? el("div", { class: "cells", "aria-hidden": "true" }, cells) : "",
    el("p", {}, el("b", {}, String(c.nonconforming)), t(" nonconforming"), c.undecided ? [COMMA, el("b", {}, String(c.undecided)), t(" undecided")] : "", el("span", { class: "u" }, t(" of {n}", c))));
}
