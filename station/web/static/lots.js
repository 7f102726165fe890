// The page of lots: which there are, and of one where it stands, what lies behind it and what may be sent of it.

import { Refusal } from "./api.js";
import { STANDING, badge, byId, dayAndTime, el } from "./dom.js";
import { drawCause } from "./lot-cause.js";
import { drawForm, pickLinks } from "./lot-draw.js";
import { drawMap } from "./lot-map.js";
import { drawTold } from "./lot-told.js";
import { drawTally } from "./lot-tally.js";
import { LANGUAGES, say } from "./messages.js";
import { alertUser, api, begin, command, notHere, original, patiently, refusal, row, side, singly, stepping, surely, table, toPart } from "./room.js";
import { pin } from "./session.js";
import { forget, keep, recall } from "./storage.js";
import { COMMA, t } from "./words.js";

const state = { lots: [], lot: null };

const decisionBadge = (decision) => badge(STANDING[decision ?? "open"], say(`decision.${decision ?? "none"}`));
const wanted = () => new URLSearchParams(location.search).get("lot");
const key = (lot) => `station.size.${lot}`; // the review page keeps it there too
const sizeOf = (lot) => Number(recall(key(lot))) || null;

async function refresh() {
  state.lots = await patiently(api.lots);
  const linked = state.lots.find((l) => l.lot === wanted());
  if (wanted() && !linked) notHere(t("There is no lot {name} here: the link is old or of another station. Choose one at the left.", { name: wanted() }));
  const lot = linked ?? state.lots[0] ?? null;
  const fresh = new URLSearchParams(location.search).has("new");
  if (lot && !fresh) return show(lot);
  drawSide();
  byId("paper").hidden = true;
  byId("empty").hidden = false;
  byId("empty").replaceChildren(...(lot ? [] : [el("p", {}, t("No lot yet: a lot is here once units of it are inspected."), " ", el("a", { href: "/bench" }, t("Inspect units at the bench"))), el("p", {}, t("Or run:"), " ", command("station inspect PHOTOS --golden NUMBER --lot ID"))]),
    el("h2", {}, t("Draw the sample of a lot")), el("p", {}, t("The pick list says which units are pulled from which carton, before they are inspected.")), drawForm(null, () => {}, await patiently(api.goldens)));
}

function drawSide() {
  side(state.lots, {
    name: (l) => l.lot, parameter: "lot", chosen: state.lot?.lot, choose: show,
    entry: (l) => [el("span", { class: "unit" }, el("b", {}, l.lot)), decisionBadge(l.decision), el("span", { class: "reason" }, say("lots.units", l))],
  });
}

async function show(lot) {
  state.lot = lot;
  drawSide();
  byId("empty").hidden = true;
  byId("paper").hidden = false;
  document.title = `${lot.lot} · ${say("title.lots")}`;
  byId("head").replaceChildren(
    el("h2", {}, `${say("lot")} ${lot.lot}`), decisionBadge(lot.decision),
    lot.decision === "rejected" ? el("a", { href: `/orders?draft=${encodeURIComponent(lot.lot)}` }, say("lots.complain")) : "",
    el("p", {}, say("lots.about", { ...lot, at: dayAndTime(lot.created_at) })));
  for (const part of ["tally", "map", "cause", "told", "documents", "draw"]) byId(`${part}-body`).replaceChildren(el("p", { class: "none" }, say("loading")));
  await Promise.all([tally(lot), behind(lot), told(lot), documents(lot), draw(lot)]);
}

/** Fill one part of the page; what is refused is said there, and what was asked for another lot is dropped. */
async function fill(lot, part, ask, draw, refused) {
  const body = byId(`${part}-body`);
  try {
    const found = await patiently(ask);
    if (state.lot === lot) draw(body, found);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (state.lot === lot) body.replaceChildren(...(refused?.(error) ?? [refusal("p", {}, error)]));
  }
}

// --- where it stands -------------------------------------------------------------------------------------------------

function sizeForm(lot, size) {
  const field = el("input", { type: "number", min: 1, max: 1e9, required: true, value: size ?? "" });
  return el("form", {
    class: "size",
    on: { submit: (event) => { event.preventDefault(); keep(key(lot.lot), field.value); tally(lot); } },
  }, el("label", {}, `${say("tally.size")} `, field), el("button", { class: "quiet", type: "submit" }, say("tally.show")));
}

/** Asked for only where the size is known: said here, or by a pick list or a decision. */
const tally = (lot) => (sizeOf(lot.lot) || lot.drawn || lot.decision ? tallied(lot)
  : byId("tally-body").replaceChildren(el("p", {}, t("How many units are in the whole lot? The sampling plans follow from it.")), sizeForm(lot, null)));

const tallied = (lot) => fill(lot, "tally", () => api.tally(lot.lot, sizeOf(lot.lot)), (body, found) => {
  drawTally(body, found);
  const said = el("span", { role: "status" });
  body.append(el("div", { class: "deciding" }, sizeForm(lot, found.size),
    el("p", {}, lot.decision ? say("tally.recorded") : say("tally.unrecorded"), " ", decisionBadge(lot.decision)),
    el("button", { class: "quiet", type: "button", on: { click: () => record(lot, found, said) } }, say("tally.record")), said));
}, (error) => {
  forget(key(lot.lot));
  return [refusal("p", {}, error), sizeForm(lot, null)];
});

const record = singly(decide); // for all tallies: one may be drawn anew while it is under way

async function decide(lot, found, said) {
  const signed = await pin();
  if (signed === null) return;
  said.textContent = say("tally.deciding");
  try {
    const made = await surely((key) => api.decide(lot.lot, found.size, signed, key));
    said.textContent = say("tally.made", { decision: say(`decision.${made.decision}`) });
    await refresh();
  } catch (error) {
    said.textContent = "";
    alertUser(error);
  }
}

// --- what lies behind it, what may be sent, what was pulled ------------------------------------------------------------

async function behind(lot) {
  const units = patiently(() => api.counted(lot.lot));
  units.catch(() => {}); // the map says it
  await fill(lot, "map", async () => [await api.map(lot.lot), await units], (body, [map, { units: counted }]) => drawMap(body, lot.lot, map, counted));
  await fill(lot, "cause", () => api.explanation(lot.lot), drawCause);
}

const told = (lot) => fill(lot, "told", () => api.claimOf(lot.lot), (body, claim) => drawTold(body, lot, claim, async () => {
  await told(lot);
  byId("told-title").focus();
  byId("said").textContent = t("Recorded.");
}));

const documents = (lot) => fill(lot, "documents", () => lot.decision, (body, decision) => {
  if (!decision) return body.replaceChildren(el("p", { class: "none" }, say("documents.undecided")), command(`station lot decide ${lot.lot} --size N`));
  body.replaceChildren(el("ul", { class: "files" }, Object.entries(LANGUAGES).flatMap(([code, name]) => ["pdf", "xlsx"].map((form) =>
    el("li", {}, el("a", { href: api.report(lot.lot, code, form), download: true, hreflang: code },
      `${say("documents.report")} · `, el("span", { lang: code }, name), ` · ${form.toUpperCase()}`))))));
});

const draw = (lot) => (lot.drawn ? listed(lot)
  : byId("draw-body").replaceChildren(el("p", { class: "none" }, t("No pick list was drawn for this lot. Draw one here:")), drawForm(lot, refresh)));

const listed = (lot) => fill(lot, "draw", () => Promise.all([api.draw(lot.lot), api.pulled(lot.lot)]), (body, [list, pulled]) => {
  const missing = new Set(pulled.missing);
  const state_ = (label) => (missing.has(label) ? badge("undecided", say("draw.missing")) : badge("conforms", say("draw.pulled")));
  const extra = [["draw.lacking", pulled.missing], ["draw.foreign", pulled.foreign], ["draw.doubled", pulled.doubled]].filter(([, units]) => units.length);
  body.replaceChildren(
    el("p", {}, badge(pulled.ok ? "conforms" : "undecided", say(pulled.ok ? "draw.ok" : "draw.not")), " ", say("draw.about", { ...list, done: list.n - missing.size })),
    pickLinks(lot.lot),
    original("p", { class: "u" }, list.rule, ...list.remarks.flatMap((r) => [" · ", r])),
    ...extra.map(([name, units]) => el("p", {}, el("b", {}, say(name)), ` ${units.join(COMMA)}`)),
    table(say("part.draw"), ["unit", "carton", "position", "third", "pulled"].map((c) => say(`column.${c}`)),
      list.picks.map((p) => row(p.label, p.carton, String(p.position), say(`third.${p.third}`), state_(p.label)))));
});

stepping((by) => {
  const index = state.lots.findIndex((l) => l.lot === state.lot?.lot);
  const lot = state.lots[Math.min(state.lots.length - 1, Math.max(0, index + by))];
  if (!lot || lot.lot === state.lot?.lot) return;
  history.replaceState(null, "", `?lot=${encodeURIComponent(lot.lot)}`);
  show(lot);
  byId("side").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(() => refresh().then(toPart));
