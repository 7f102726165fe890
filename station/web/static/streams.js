// The page of streams: under which severity the next lot of a product from a supplier is inspected, with which plan, and how
// it came to that. A severity has a shape, a letter and a word of its own.

import { Refusal } from "./api.js";
import { STANDING, badge, byId, dayAndTime, el, outcomeOf, svg } from "./dom.js";
import { refusalOf } from "./jobs.js";
import { say } from "./messages.js";
import { alertUser, api, begin, command, notHere, original, patiently, row, side, stepping, table } from "./room.js";
import { nameField } from "./session.js";
import { keep, recall } from "./storage.js";
import { streamForm, wordForm } from "./stream-forms.js";
import { COLON, COMMA, count, named, t } from "./words.js";

const SHAPES = { normal: "M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12z", tightened: "M8 1.2L15.4 14.4H.6z", reduced: "M8 14.8L.6 1.6h14.8z", discontinued: "M2 2h12v12H2z" };
const WEIGHT = { discontinued: 3, tightened: 2, normal: 1, reduced: 0 };
const MOST_LOTS = 60;
const SIDE_PX = 26, ROW_PX = 40, LEFT_PX = 132, TOP_PX = 8;
const KEPT = "station.stream.size";

const state = { streams: [], stream: null };

const nameOf = (s) => s.stream.name;
const gravest = (s) => s.classes.reduce((worst, c) => (WEIGHT[c.severity] > WEIGHT[worst] ? c.severity : worst), "reduced");

export function severity(of, words = named(of)) {
  return el("span", { class: `severity ${of}` }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: SHAPES[of] })), words);
}

async function refresh() {
  state.streams = await patiently(api.streams);
  const query = new URLSearchParams(location.search);
  const name = query.get("stream");
  const linked = state.streams.find((s) => nameOf(s) === name);
  if (name && !linked) notHere(t("There is no stream {name} here: the link is old or of another station. Choose one at the left.", { name }));
  const stream = linked ?? state.streams[0] ?? null;
  if (query.has("new") || !stream) return begun(stream);
  return show(stream);
}

function drawSide() {
  side(state.streams, {
    name: nameOf, parameter: "stream", chosen: state.stream && nameOf(state.stream), choose: show,
    entry: (s) => [el("span", { class: "unit" }, el("b", {}, nameOf(s))), severity(gravest(s)),
      el("span", { class: "reason" }, [s.stream.supplier, s.stream.sku, count(s.lots, "{n} lot", "{n} lots")].filter(Boolean).join(" · "))],
  });
}

function begun(stream) {
  state.stream = null;
  drawSide();
  byId("paper").hidden = true;
  byId("new").hidden = false;
  byId("empty").hidden = stream !== null;
  byId("empty").replaceChildren(t("No stream is open. Open one here, or run:"), " ", command("station stream open NAME --sku SKU --supplier WHO --major 2.5 --minor 4.0"));
  document.title = t("Open a stream");
  byId("new").replaceChildren(el("header", { class: "paper-head" }, el("h2", {}, t("Open a stream")), el("p", {}, t("One product from one supplier and process. It begins under normal inspection."))),
    streamForm((made) => location.assign(`/streams?stream=${encodeURIComponent(nameOf(made))}`)));
}

async function show(stream) {
  state.stream = stream;
  drawSide();
  byId("empty").hidden = byId("new").hidden = true;
  byId("paper").hidden = false;
  const { stream: agreed } = stream;
  document.title = `${agreed.name} · ${say("title.streams")}`;
  byId("head").replaceChildren(
    el("h2", {}, agreed.name), severity(gravest(stream)),
    el("p", {}, [agreed.supplier, agreed.process, agreed.sku, t("level {level}, {edition}, {type} plans", { level: agreed.level, edition: agreed.edition, type: named(agreed.type) }), count(stream.lots, "{n} lot counted", "{n} lots counted")].filter(Boolean).join(" · ")),
    el("p", {}, badge(stream.steady ? "conforms" : "undecided", stream.steady ? t("production is steady") : t("production is not known to be steady")), " ",
      badge(stream.agreed ? "conforms" : "undecided", stream.agreed ? t("reduced inspection is agreed") : t("reduced inspection is not agreed"))),
    stream.remarks.length ? original("ul", { class: "bullets" }, stream.remarks.map((r) => el("li", {}, r))) : "");
  standing(stream);
  byId("say-body").replaceChildren(wordForm(stream, nameField(t("Name")), refresh));
  for (const part of ["next", "course", "history"]) byId(`${part}-body`).replaceChildren(el("p", { class: "none" }, say("loading")));
  try {
    const events = await patiently(() => api.streamEvents(agreed.name));
    if (state.stream !== stream) return;
    next(stream, events.findLast((e) => e.size)?.size);
    course(stream, events);
    drawHistory(stream, events);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    for (const part of ["next", "course", "history"]) byId(`${part}-body`).replaceChildren(refusalOf(error));
  }
}

// --- where it stands -------------------------------------------------------------------------------------------------

function standing(stream) {
  byId("standing-body").replaceChildren(el("ul", { class: "classes-now" }, stream.classes.map((c) => el("li", {},
    el("h3", {}, `${named(c.class)} · AQL ${c.aql}`), el("p", { class: "now" }, severity(c.severity)),
    el("p", { class: "u" }, [count(c.run, "{n} lot accepted in a row", "{n} lots accepted in a row"), stream.stream.edition === "iso2859-1" ? t("switching score {n}", { n: c.score }) : "",
      stream.stream.fractional ? t("acceptance score {n}", { n: c.acceptance_score }) : ""].filter(Boolean).join(" · ")),
    c.waits_for.length ? el("p", {}, el("b", {}, c.severity === "tightened" ? t("Back to normal when:") : t("Reduced when:")), " ", original("span", {}, c.waits_for.join("; "))) : ""))));
}

// --- the next lot ----------------------------------------------------------------------------------------------------

function next(stream, size) {
  const field = el("input", { type: "number", min: 1, max: 1e9, required: true, value: recall(KEPT) ?? size ?? "" });
  const answer = el("div", { "aria-live": "polite" });
  const ask = async () => {
    try {
      const found = await patiently(() => api.nextLot(nameOf(stream), Number(field.value)));
      keep(KEPT, field.value);
      if (state.stream === stream) answer.replaceChildren(plans(found));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer.replaceChildren(refusalOf(error));
    }
  };
  byId("next-body").replaceChildren(el("form", { class: "deciding", on: { submit: (event) => { event.preventDefault(); ask().catch(alertUser); } } },
    el("label", { class: "field" }, t("Units in the next lot"), " ", field), el("button", { class: "quiet" }, t("Show its plan")),
    command(`station lot draw LOT --size N --stream ${/\s/.test(nameOf(stream)) ? JSON.stringify(nameOf(stream)) : nameOf(stream)}`)), answer);
  if (field.value) ask().catch(alertUser);
}

const cumulative = (values) => values.join(" / ");

function plans(found) {
  return table(t("Plan of the next lot"), [t("Class"), t("Severity"), "n", "Ac", "Re", t("Remarks")], found.plans.map((p) => row(named(p.class), severity(p.severity),
    el("td", { class: "numbers" }, cumulative(p.n)), el("td", { class: "numbers" }, p.fraction ?? cumulative(p.ac)), el("td", { class: "numbers" }, cumulative(p.re)),
    p.hundred_percent ? t("every unit") : p.n.length > 1 ? t("{n} samples, one after another", { n: p.n.length }) : "")));
}

// --- how it came to that ---------------------------------------------------------------------------------------------

function counted(events) {
  const void_ = new Set(events.map((e) => e.voids).filter(Boolean));
  return events.map((e, i) => ({ ...e, number: i + 1, void: void_.has(i + 1) }));
}

/** A block for every lot and class: shape and letter of the severity, crossed where the lot was not accepted. */
function course(stream, events) {
  const lots = counted(events).filter((e) => e.kind === "lot" && !e.resubmitted && !e.void).slice(-MOST_LOTS);
  if (!lots.length) return byId("course-body").replaceChildren(el("p", { class: "none" }, t("No lot is counted yet.")));
  const width = LEFT_PX + lots.length * (SIDE_PX + 4) + 8;
  const high = TOP_PX + stream.classes.length * ROW_PX;
  const block = (lot, c, x, y) => {
    const result = lot.results.find((r) => r.class === c.class);
    if (!result) return null;
    const words = `${lot.lot}${COLON}${named(result.severity)}${COMMA}${named(outcomeOf(result.accepted))}${COMMA}${cumulative(result.found)} / ${cumulative(result.n)}`;
    return svg("g", { class: `block ${result.severity}${result.accepted ? "" : " not-accepted"}`, transform: `translate(${x} ${y})` }, svg("title", {}, words),
      svg("rect", { width: SIDE_PX, height: SIDE_PX, rx: 4 }), svg("text", { x: SIDE_PX / 2, y: SIDE_PX / 2 + 5, "text-anchor": "middle" }, named(result.severity).slice(0, 1).toUpperCase()),
      result.accepted ? null : svg("path", { d: `M3 3L${SIDE_PX - 3} ${SIDE_PX - 3}M3 ${SIDE_PX - 3}L${SIDE_PX - 3} 3` }));
  };
  const told = t("The last {n} lots of {name}, the newest at the right", { n: lots.length, name: nameOf(stream) });
  const chart = svg("svg", { class: "course", width, height: high, viewBox: `0 0 ${width} ${high}`, role: "img", "aria-label": told },
    stream.classes.map((c, i) => [svg("text", { x: 0, y: TOP_PX + i * ROW_PX + 18 }, `${named(c.class)}${COMMA}AQL ${c.aql}`),
      ...lots.map((lot, k) => block(lot, c, LEFT_PX + k * (SIDE_PX + 4), TOP_PX + i * ROW_PX))]).flat());
  byId("course-body").replaceChildren(el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": told }, chart),
    el("ul", { class: "legend-row" }, ["normal", "tightened", "reduced"].map((s) => el("li", {}, severity(s, `${named(s).slice(0, 1).toUpperCase()} · ${named(s)}`))), el("li", {}, t("crossed: not accepted"))),
    el("p", { class: "u" }, t("{first} to {last}", { first: lots[0].lot, last: lots.at(-1).lot })));
}

function drawHistory(stream, events) {
  const all = counted(events).reverse();
  const switched = (e) => stream.changes.filter((c) => c.event === e.number).map((c) => el("p", {}, `${named(c.class)}${COLON}`, severity(c.before), " → ", severity(c.after), original("span", { class: "u" }, ` ${c.reason}`)));
  byId("history-body").replaceChildren(all.length ? table(t("History"), [t("No."), t("When"), t("What happened"), t("What it changed")], all.map((e) => {
    const line = row(String(e.number), el("span", { class: "day" }, dayAndTime(e.at)), el("td", { class: "happened" }, what(e)), el("td", {}, e.void ? badge("undecided", t("taken out")) : switched(e)));
    line.classList.toggle("void", e.void);
    return line;
  })) : el("p", { class: "none" }, t("Nothing happened yet.")));
}

function what(e) {
  const said = [e.by, e.reason].filter(Boolean).join(": ");
  const tail = said ? original("span", { class: "u" }, ` ${said}`) : "";
  if (e.kind === "lot") {
    return [el("p", {}, t("Lot"), " ", el("a", { href: `/lots?lot=${encodeURIComponent(e.lot)}` }, e.lot), ` · ${count(e.size, "{n} unit", "{n} units")}${e.resubmitted ? ` · ${t("resubmitted, {n} taken out", { n: e.removed })}` : ""}`, tail),
      el("ul", { class: "lines" }, e.results.map((r) => el("li", {}, badge(STANDING[outcomeOf(r.accepted)], `${named(r.class)} · ${named(outcomeOf(r.accepted))}`), ` ${t("{found} found in {n}, Ac {ac}", { found: cumulative(r.found), n: cumulative(r.n), ac: r.fraction ?? cumulative(r.ac) })} · ${named(r.severity)}`)))];
  }
  const words = {
    production: e.value === "steady" ? t("Production runs at a steady rate") : t("Production is irregular"),
    consent: e.value === "agreed" ? t("Reduced inspection is agreed") : t("Reduced inspection is not agreed any more"),
    resumed: t("Inspection is resumed"), directed: `${t("Directed:")} ${named(e.value)}`, void: t("Event {n} is taken out", { n: e.voids }),
  }[e.kind];
  return el("p", {}, words, e.classes.length ? ` (${e.classes.map((c) => named(c)).join(COMMA)})` : "", tail);
}

stepping((by) => {
  const index = state.streams.indexOf(state.stream);
  const stream = state.streams[Math.min(state.streams.length - 1, Math.max(0, index + by))];
  if (!stream || stream === state.stream) return;
  history.replaceState(null, "", `?stream=${encodeURIComponent(nameOf(stream))}`);
  show(stream).catch(alertUser);
  byId("side").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(refresh);
