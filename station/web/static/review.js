// The review page: the queue, one unit at a time, one key a decision. See outbox.js for how a decision is kept.

import { Unreachable, api } from "./api.js";
import { drawBenches } from "./bench-banner.js";
import { Claims } from "./claims.js";
import { WORDS, badge, byId, el, shape, time } from "./dom.js";
import { drawFacts, drawTally, markPlace } from "./facts.js";
import { SAID } from "./findings.js";
import { newKey } from "./keys.js";
import { listen, steadily } from "./live.js";
import { hearing } from "./others.js";
import { Outbox } from "./outbox.js";
import { placesOf } from "./places.js";
import { hindrance, rank, remarks } from "./second-look.js";
import { GUARD_MS, Places } from "./stepping.js";
import { pin, whoIsHere } from "./session.js";
import { Stage } from "./stage.js";
import { count, named, t } from "./words.js";

const DEFERRED_REASON = "second reviewer wanted";
const DONE = { accept: t("accepted"), reject: t("rejected"), defer: t("deferred"), undo: t("undone") };
const ENGLISH = { accept: "accepted", reject: "rejected", defer: "deferred", confirm: "confirmed", refuse: "refused", undecidable: "marked as not to be told" }; // as it is recorded
const verb = (item) => (item.finding ? SAID : DONE)[item.decision];
const done = (item) => (item.finding ? t("finding {finding} ", item) : "") + verb(item);
const STANDING = { accept: "conforms", reject: "nonconforms", defer: "undecided" };

const state = { waiting: [], settled: [], unit: null, document: null, reviews: [], places: [], shownAt: Infinity, mine: [], lots: [], news: null };
const cache = { documents: new Map(), goldens: new Map() };
const stage = new Stage(byId("golden-figure"), byId("unit-figure"), byId("unit-caption"));

const outbox = new Outbox({
  changed: connection,
  recorded(item, review) {
    if (!item.finding) claims.decided(item.unit_id);
    const reason = item.decision === "undo" || !review.reason ? "" : ` · ${t(review.reason)}`;
    const kind = review.named ? t(" as {kind}", { kind: named(review.named) }) : "";
    byId("said").replaceChildren(el("b", {}, t("✓ Recorded {when}", { when: time(review.at) })), ` · ${item.finding ? t("answer {id}", review) : t("review {id}", review)} · ${item.unit} ${done(item)}${kind}${reason}`);
    const mine = state.mine.find((m) => m.key === item.key);
    if (mine) mine.review = review.id;
    if (item.finding) {
      showAnswers(item.unit_id);
      return;
    }
    for (const unit of [...state.waiting, ...state.settled]) if (unit.id === item.unit_id) unit.review = review;
    if (state.unit?.id === item.unit_id) showReviews();
    if (!outbox.waiting) refresh();
  },
  refused(item, error) {
    const what = item.finding ? t("{unit} finding {finding}", item) : item.unit;
    const again = error.code === "claimed" && (() => outbox.add({ ...item, take_over: true }));
    alertUser(t("{what} was not {done}: {message}. {then}", { what, done: verb(item), message: error.message, then: error.do }), again && [t("Record it all the same"), again]);
    if (item.finding) showAnswers(item.unit_id);
    else if (state.unit?.id === item.unit_id) showReviews();
    refresh();
  },
});

const claims = new Claims({
  reviewer: () => byId("reviewer").value,
  changed: () => steadily(byId("lists"), () => drawQueue(false)),
  skipped(claim) {
    byId("said").textContent = t("{reviewer} looks at {unit}: passed over", claim);
    show(nextAfter(state.unit), true);
  },
});

const places = new Places({ state, stage, outbox, reviewer, buttons });
const { findings } = places;

// --- what is shown ---------------------------------------------------------------------------------------------------

/** Say whether the station answers, and what is still on its way to it. */
function connection(reachable) {
  const { waiting } = outbox;
  const decisions = count(waiting, "{n} decision", "{n} decisions");
  const sending = waiting ? t("sending {decisions} …", { decisions }) : "";
  const lost = `${t("The station does not answer.")} ${waiting ? t("{decisions} kept here, sent as soon as it does.", { decisions }) : t("Trying again …")}`;
  byId("link").textContent = reachable ? sending : lost;
  byId("link").classList.toggle("lost", !reachable);
}

function alertUser(text, offer = null) {
  const item = el("li", {}, el("span", {}, text),
    offer && el("button", { type: "button", class: "quiet", on: { click: () => { item.remove(); offer[1](); } } }, offer[0]), el("button", { type: "button", class: "quiet", on: { click: () => item.remove() } }, t("Dismiss")));
  byId("alerts").append(item);
}

/** Ask again until the station answers. A refusal is shown, and whatever waited for the answer ends there. */
async function patiently(call) {
  for (let delay = 500; ; delay = Math.min(8000, delay * 2)) {
    try {
      const answer = await call();
      connection(true);
      outbox.flush();
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        alertUser(`${error.message}. ${error.do ?? ""}`);
        return new Promise(() => {});
      }
      connection(false);
      await new Promise((done) => setTimeout(done, delay));
    }
  }
}

const lotChosen = () => byId("lot").value;
let asked = 0; // how often the lists were fetched

/** Fetch the lists anew. Deferred units wait behind the others, and last those that somebody else is to look at. */
async function refresh() {
  api.benches().then((found) => drawBenches(byId("bench"), found)).catch(() => {}); // the lists below say what is lost
  const turn = ++asked;
  const second = byId("which").value === "second";
  const [waiting, settled, lots, held] = await patiently(() =>
    Promise.all([api.queue(lotChosen(), false, second), api.queue(lotChosen(), true), api.lots(), api.claims()]));
  if (turn !== asked) return; // asked again in the meantime, maybe for another lot
  const me = byId("reviewer").value;
  state.waiting = waiting.sort((a, b) => rank(a, me) - rank(b, me));
  state.settled = settled;
  claims.apply(held);
  state.lots = lots;
  for (const item of outbox.items) if (!item.finding) settle(item.unit_id, item); // what is on its way counts as done
  const select = byId("lot");
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, t("all lots")), ...lots.map((l) => el("option", { value: l.lot }, `${l.lot}${l.waiting ? ` (${l.waiting})` : ""}`)));
  select.value = chosen;
  const now = [...state.waiting, ...state.settled].find((u) => u.id === state.unit?.id);
  if (now) state.unit = now;
  steadily(byId("lists"), () => drawQueue(!state.unit));
  if (!state.unit) await show(state.waiting.find((u) => !claims.other(u.id)) ?? state.waiting[0] ?? null, true);
  else { head(); await tally(); }
}

/** follow: bring the current unit into view. */
function drawQueue(follow = true) {
  const entry = (unit) => {
    const { review } = unit;
    const standing = review?.disputes ? "undecided" : STANDING[review?.decision] ?? unit.verdict;
    const word = review?.disputes ? t("⇄ reviewers disagree") : review && review.decision !== "undo" ? DONE[review.decision] : named(unit.verdict);
    const held = claims.other(unit.id);
    const current = unit.id === state.unit?.id;
    return el("li", {}, el("button", { type: "button", "aria-current": current ? "true" : null, "data-unit": unit.id, on: { click: () => show(unit) } },
      el("span", { class: "unit" }, shape(standing), el("b", {}, unit.unit)),
      held && el("span", { class: "looking" }, t("{reviewer} looks at it", held)),
      el("span", { class: "reason" }, el("span", { class: "word" }, word), ` · ${unit.reasons[0] ?? ""}`)));
  };
  byId("waiting").textContent = state.waiting.length;
  byId("settled-count").textContent = state.settled.length;
  byId("settled-title").hidden = !state.settled.length;
  byId("queue").replaceChildren(...state.waiting.map(entry));
  byId("settled").replaceChildren(...state.settled.map(entry));
  if (follow) document.querySelector(".queue [aria-current]")?.scrollIntoView({ block: "nearest" });
  between();
}

/** Say in the head what of the unit concerns several reviewers. */
function between() {
  const { unit, reviews, news } = state;
  byId("between").replaceChildren(...(unit && state.document ? remarks({
    reviews, news, time, reviewer: byId("reviewer").value, claim: claims.other(unit.id), takeOver: () => claims.takeOver(unit.id),
  }) : []));
}

/** byItself: it was not asked for, and is passed over where somebody else looks at it. */
async function show(unit, byItself = false) {
  state.unit = unit;
  state.news = null;
  claims.look(unit?.id ?? null, byItself);
  state.document = null;
  state.shownAt = Infinity;
  for (const id of ["head", "stage", "decide"]) byId(id).hidden = !unit;
  byId("empty").hidden = Boolean(unit);
  byId("facts").classList.toggle("loading", Boolean(unit));
  byId("place").textContent = "";
  drawQueue();
  if (!unit) return nothing();
  head();
  const [document, golden, reviews, seen] = await patiently(() =>
    Promise.all([documentOf(unit), goldenOf(unit), api.reviews(unit.id), api.findings(unit.id)]));
  if (state.unit?.id !== unit.id) return;
  state.document = document;
  state.reviews = reviews;
  state.places = placesOf(document, seen);
  byId("facts").classList.remove("loading");
  const pictures = { frame: golden.frame, golden: golden.href, unit: api.picture(unit.frame_sha256 ?? unit.sha256) };
  findings.show({ ...pictures, seen, places: state.places, ...places.answering() });
  drawFacts(byId("facts"), unit, document, reviews, state.places, (i) => places.choose(i), findings.node);
  head();
  between();
  await stage.show({
    ...pictures, registered: unit.frame_sha256 !== null, name: unit.unit, places: state.places, outline: document.outline ?? null,
  });
  if (state.unit?.id !== unit.id) return;
  places.line(null);
  state.shownAt = performance.now();
  byId("stage").dataset.unit = unit.id;
  ahead(unit);
  await tally();
}

function nothing() {
  byId("facts").replaceChildren();
  const settled = state.settled.length;
  if (byId("which").value) byId("empty").replaceChildren(el("h2", {}, t("No unit waits for a second look")));
  else byId("empty").replaceChildren(...(settled || state.lots.length
    ? [el("h2", {}, t("Nothing waits")), el("p", {}, settled ? t("All flagged units are settled, {n} of them by a reviewer. Choose one at the left to look at it again.", { n: settled }) : t("No inspected unit was flagged."))]
    : [el("h2", {}, t("No units yet")), el("p", {}, t("Inspect some, then come back:")), el("pre", {}, "station inspect PHOTOS --golden NUMBER --lot ID")]));
  tally();
}

function head() {
  const unit = state.unit;
  byId("unit-name").textContent = unit.unit;
  const unlike = state.document?.disagreements?.length;
  byId("unit-verdict").replaceChildren(badge(unit.verdict), unlike ? el("span", { class: "dispute" }, t("≠ models disagree")) : "");
  const facts = [unit.lot && t("lot {lot}", unit), unit.carton && t("carton {carton}", unit), ...Object.entries(unit.identifiers).map(([k, v]) => `${k} ${v}`), t("golden {golden} version {golden_version}", unit), unit.photo];
  byId("unit-about").textContent = byId("unit-about").title = facts.filter(Boolean).join(" · ");
  buttons();
}

async function showReviews() {
  const unit = state.unit;
  const reviews = await patiently(() => api.reviews(unit.id));
  if (state.unit?.id !== unit.id || !state.document) return;
  const { scrollTop } = byId("facts");
  state.reviews = reviews;
  drawFacts(byId("facts"), unit, state.document, reviews, state.places, (i) => places.choose(i), findings.node);
  byId("facts").scrollTop = scrollTop;
  between();
}

/** Show by now what is said of the findings of the unit. */
async function showAnswers(id) {
  if (state.unit?.id !== id || !state.document) return;
  const seen = await patiently(() => api.findings(id));
  if (state.unit?.id === id) findings.update({ seen, ...places.answering() });
}

async function documentOf(unit) {
  if (!cache.documents.has(unit.id)) cache.documents.set(unit.id, await api.document(unit.id));
  return cache.documents.get(unit.id);
}

async function goldenOf({ golden: number, golden_version: version }) {
  const key = JSON.stringify([number, version]);
  if (!cache.goldens.has(key)) {
    const [golden, frame] = await Promise.all([api.golden(number, version), api.frame(number, version)]);
    cache.goldens.set(key, { frame, href: api.picture(golden.frame_sha256) });
  }
  return cache.goldens.get(key);
}

/** Have the next unit's picture and document ready before it is asked for. */
function ahead(unit) {
  const next = state.waiting[state.waiting.findIndex((u) => u.id === unit.id) + 1];
  if (!next) return;
  new Image().src = api.picture(next.frame_sha256 ?? next.sha256);
  documentOf(next).catch(() => {});
}

async function tally() {
  const lot = state.lots.find((l) => l.lot === (state.unit?.lot ?? lotChosen()));
  const key = lot && `station.size.${lot.lot}`;
  const size = key && Number(localStorage.getItem(key));
  const found = lot && (size || lot.decision) ? await api.tally(lot.lot, size || null).catch((error) => {
    if (!(error instanceof Unreachable)) { localStorage.removeItem(key); alertUser(`${error.message}. ${error.do}`); }
    return null;
  }) : null;
  drawTally(byId("tally"), lot ?? null, found, {
    setSize(value) { localStorage.setItem(key, String(value)); tally(); },
    async record() {
      const signed = await pin();
      if (signed === null) return;
      byId("said").textContent = t("Lot {lot} is being decided: every unit of it is counted …", lot);
      const key = newKey();
      const done = await patiently(() => api.decide(lot.lot, found.size, signed, key));
      byId("said").replaceChildren(el("b", {}, t("✓ Recorded")), t(" · lot {lot} {decision}", { lot: done.lot, decision: named(done.decision) }));
      refresh();
    },
  });
}

// --- deciding --------------------------------------------------------------------------------------------------------

/** The reason as it is recorded, or as it is shown: in the language of the page. */
function reasonFor(decision, told = (text) => text) {
  const chips = [...document.querySelectorAll("input[name=reason]")];
  const chosen = chips.find((c) => c.checked);
  const base = decision === "defer" && chosen === chips[0] ? DEFERRED_REASON : chosen.value;
  const note = byId("note").value.trim();
  return note ? `${told(base)}: ${note}` : told(base);
}

function buttons() {
  for (const button of document.querySelectorAll("[data-decision]")) button.querySelector("small").textContent = reasonFor(button.dataset.decision, t);
  const last = undoable();
  byId("undo").disabled = !last;
  byId("undo").querySelector("small").textContent = last ? `${last.unit} ${done(last)}` : t("nothing to undo");
}

/** What U would undo: this session's last decision, else the standing review of the unit shown. */
function undoable() {
  if (state.mine.length) return state.mine.at(-1);
  const { unit } = state;
  const review = unit?.review;
  return review && review.decision !== "undo" ? { unit_id: unit.id, unit: unit.unit, decision: review.decision } : null;
}

function reviewer() {
  const field = byId("reviewer");
  const name = field.value.trim();
  field.classList.toggle("missing", !name);
  if (!name) {
    field.focus();
    byId("said").replaceChildren(el("b", {}, t("Say who decides: ")), t("enter your name at the top, once."));
  }
  return name;
}

function decide(decision) {
  const unit = state.unit;
  if (!unit || performance.now() - state.shownAt < GUARD_MS || state.shownAt === Infinity) return;
  const name = reviewer();
  if (!name || hindered(decision)) return;
  const next = nextAfter(unit);
  const item = outbox.add({ unit_id: unit.id, unit: unit.unit, decision, reason: reasonFor(decision), reviewer: name, supersedes: seen(unit) });
  state.mine.push(item);
  byId("note").value = "";
  settle(unit.id, item);
  show(next, true);
}

/** Say why a decision is not taken yet, where it is not; what was said just now is known then. */
function hindered(decision) {
  const plain = byId("note").value.trim() === "" && document.querySelector("input[name=reason]").checked;
  const why = hindrance({ decision, unit: state.unit, held: claims.other(state.unit.id), news: state.news, plain });
  state.news = null;
  if (why) byId("said").replaceChildren(el("b", {}, why));
  return why !== "";
}

/** The review that the reviewer sees of a unit, 0 for none. */
const seen = (unit) => (state.unit?.id === unit.id ? state.reviews.at(-1)?.id : unit.review?.id) ?? 0;

function undo() {
  const last = undoable();
  if (!last) return;
  const name = reviewer();
  if (!name) return;
  state.mine.pop();
  // an answer is its reviewer's own, whoever's name stands at the top by now
  const by = last.finding ? last.reviewer : name;
  outbox.add({ unit_id: last.unit_id, unit: last.unit, finding: last.finding, decision: "undo", reason: `${last.finding ? `finding ${last.finding} ${ENGLISH[last.decision]}` : ENGLISH[last.decision]} by mistake`, reviewer: by, supersedes: last.review ?? null });
  buttons();
  const unit = [...state.settled, ...state.waiting].find((u) => u.id === last.unit_id);
  if (!unit) return;
  if (last.finding) {
    if (unit.id !== state.unit?.id) show(unit);
    else findings.update(places.answering());
    return;
  }
  unit.review = { decision: "undo" };
  state.settled = state.settled.filter((u) => u !== unit);
  if (!state.waiting.includes(unit)) state.waiting.unshift(unit);
  show(unit);
}

/** Move a decided unit to where it belongs, before the station has answered. */
function settle(id, { decision, reason }) {
  const unit = [...state.waiting, ...state.settled].find((u) => u.id === id);
  if (!unit) return;
  unit.review = { ...unit.review, decision, reason };
  state.waiting = state.waiting.filter((u) => u !== unit);
  state.settled = state.settled.filter((u) => u !== unit);
  if (decision === "defer") state.waiting.push(unit); // for somebody else
  else if (decision === "undo") state.waiting.unshift(unit);
  else state.settled.unshift(unit);
}

/** The unit that comes by itself: the next that waits for this reviewer and that nobody else looks at. */
function nextAfter(unit) {
  const me = byId("reviewer").value;
  const open = (u) => u.id !== unit.id && rank(u, me) < 2 && !claims.other(u.id);
  const index = state.waiting.findIndex((u) => u.id === unit.id);
  return state.waiting.slice(index + 1).find(open) ?? state.waiting.find(open) ?? null;
}

function move(step) {
  const all = [...state.waiting, ...state.settled];
  const index = all.findIndex((u) => u.id === state.unit?.id);
  const unit = all[index < 0 ? 0 : Math.min(all.length - 1, Math.max(0, index + step))];
  if (unit && unit.id !== state.unit?.id) show(unit);
}

// --- keys ------------------------------------------------------------------------------------------------------------

const KEYS = {
  a: () => decide("accept"), r: () => decide("reject"), d: () => decide("defer"), u: undo,
  j: () => move(1), k: () => move(-1),
  o: () => { byId("said").textContent = stage.toggle() ? t("Drawings on") : t("Drawings off, O brings them back"); },
  e: () => {
    const times = stage.edges();
    byId("said").textContent = times === null ? t("The outline of this unit was not measured") : times ? t("Outline: deviations enlarged {times} times, orange out, blue in", { times }) : t("Outline off");
  },
  z: () => places.next(),
  f: (event) => places.nextFinding(event.shiftKey ? -1 : 1),
  c: () => places.answer("confirm"), x: () => places.answer("refuse"), q: () => places.answer("undecidable"),
  t: () => places.kind(), w: () => places.takeBack(),
  0: () => { stage.reset(); places.line(null); },
  b: () => stage.blink(true),
  n: () => byId("note").focus(),
  "+": () => stage.zoom(0.7), "=": () => stage.zoom(0.7), "-": () => stage.zoom(1 / 0.7),
  arrowleft: () => stage.move(-0.15, 0), arrowright: () => stage.move(0.15, 0),
  arrowup: () => stage.move(0, -0.15), arrowdown: () => stage.move(0, 0.15),
};
const MAY_REPEAT = new Set(["j", "k", "f", "+", "=", "-", "arrowleft", "arrowright", "arrowup", "arrowdown"]);

const writing = (target) => target.closest("select, textarea, input:not([type=radio])") !== null;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (writing(event.target)) {
    if (event.key === "Escape" || (event.key === "Enter" && !event.target.closest("form.size"))) event.target.blur();
    if (event.key === "Enter" && event.target.closest("form.answering")) {
      event.preventDefault();
      places.answer("confirm");
    }
    return;
  }
  const key = event.key.toLowerCase();
  if (!state.unit && !"jku".includes(key)) return;
  const chip = /^[1-9]$/.test(key) && document.querySelectorAll("input[name=reason]")[key - 1];
  const call = chip ? () => { chip.checked = true; buttons(); } : KEYS[key];
  if (!call || (event.repeat && !MAY_REPEAT.has(key))) return;
  event.preventDefault();
  call(event);
});
addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "b") stage.blink(false); });
addEventListener("blur", () => stage.blink(false));

// --- beginning -------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-decision]")) button.addEventListener("click", () => decide(button.dataset.decision));
byId("undo").addEventListener("click", undo);
byId("decide").addEventListener("input", buttons);
byId("decide").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["lot", "which"]) byId(id).addEventListener("change", () => { state.unit = null; refresh(); });
byId("reviewer").value = localStorage.getItem("station.reviewer") ?? "";
byId("reviewer").addEventListener("change", () => {
  localStorage.setItem("station.reviewer", byId("reviewer").value.trim());
  byId("reviewer").classList.remove("missing");
  if (state.document) findings.update(places.answering());
  claims.sync();
  refresh();
});
// a session left open overnight asks again when somebody comes back to it
document.addEventListener("visibilitychange", () => { if (!document.hidden) { outbox.flush(); refresh(); } });

const heard = hearing({ state, outbox, claims, lotChosen, refresh, drawQueue, show, showReviews, nextAfter, tally });
Promise.all([patiently(whoIsHere), listen((name, data) => heard[name]?.(data))]).then(async () => {
  outbox.flush();
  const wanted = new URLSearchParams(location.hash.slice(1)).get("unit"); // a link from the page of a lot
  if (wanted) await show(await patiently(() => api.unit(wanted)));
  refresh();
});
