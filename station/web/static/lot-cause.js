// What a lot's defects come from: extent, clusters, and each cause with what speaks for and against it.

import { badge, el } from "./dom.js";
import { say } from "./messages.js";
import { original, row, table } from "./room.js";
import { wordOf } from "./said.js";

const STATES = { supported: "nonconforms", contradicted: "conforms", open: "undecided" };
const RULED = { "ruled out": "conforms", "not ruled out": "undecided", suspect: "nonconforms" };
const SPEAKS = { for: "＋", against: "－", open: "？" };
const p = (value) => (value === null ? "" : value < 0.001 ? "< 0.001" : value.toFixed(3));
const place = (c) => `${say(`factor.${c.factor}`, {}, c.factor.replaceAll("_", " "))} ${c.factor === "third" ? say(`third.${c.level}`) : c.level}`;
const slug = (words) => words.replaceAll(" ", "-");

export function drawCause(body, found) {
  const { diagnosis, clusters } = found;
  if (!found.nonconforming) {
    body.replaceChildren(el("p", { class: "none" }, say("cause.nothing")));
    return;
  }
  const leading = clusters.extents[0];
  body.replaceChildren(
    el("p", { class: "strong" }, diagnosis.cause ? say("cause.is", { cause: say(`cause.${diagnosis.cause}`) }) : say("cause.untold"),
      leading ? ` ${say("cause.extent", { extent: say(`extent.${slug(leading.extent)}`) })}` : ""),
    original("p", {}, diagnosis.reason),
    clusters.clusters.length ? table(say("cause.clusters"), ["defect", "where", "units", "elsewhere", "p"].map((c) => say(`column.${c}`)), clusters.clusters.map((c) =>
      row(c.defect === "nonconforming" ? say("map.any") : original("span", {}, c.defect), place(c), `${c.units} / ${c.of}`, `${c.elsewhere} / ${c.elsewhere_of}`, p(c.p)))) : el("p", { class: "u" }, say("cause.no-cluster")),
    el("h3", {}, say("cause.measurement")),
    el("ul", { class: "lines" }, diagnosis.measurement.map((m) => el("li", {}, badge(RULED[m.state], say(`ruled.${slug(m.state)}`)), " ", original("span", {}, el("b", {}, wordOf("suspect", m.name)), `: ${m.words}`)))),
    el("h3", {}, say("cause.evidence")),
    el("div", { class: "causes" }, diagnosis.causes.map(one)),
    diagnosis.ask_for.length ? el("h3", {}, say("cause.ask")) : "",
    original("ul", { class: "bullets" }, diagnosis.ask_for.map((a) => el("li", {}, a))),
    el("details", {}, el("summary", {}, say("cause.sentences")), original("ul", { class: "bullets" }, found.sentences.map((s) => el("li", {}, s)))));
}

function one(c) {
  return el("section", { class: "cause" }, el("h4", {}, say(`cause.${c.cause}`), " ", badge(STATES[c.state], say(`cause-state.${c.state}`))),
    el("ul", { class: "lines" }, c.evidence.map((e) => el("li", {}, el("span", { class: `speaks ${e.speaks}` }, `${SPEAKS[e.speaks]} ${say(`speaks.${e.speaks}`)}`), " ",
      original("span", {}, e.words), e.p === null ? "" : [" ", el("span", { class: "u numbers" }, `p ${p(e.p)}`)]))));
}
