// The review page: the queue, one unit at a time, one key a decision. See outbox.js for how a decision is kept.

import { Unreachable, api } from "./api.js";
import { drawBenches } from "./bench-banner.js";
import { Claims } from "./claims.js";
import { badge, byId, el, time } from "./dom.js";
import { drawFacts, drawTally } from "./facts.js";
import { SAID } from "./findings.js";
import { newKey } from "./keys.js";
import { sized } from "./layers.js";
import { listen, steadily } from "./live.js";
import { hearing } from "./others.js";
import { Outbox } from "./outbox.js";
import { placesOf } from "./places.js";
import { Queue } from "./queue.js";
import { hindrance, rank, remarks } from "./second-look.js";
import { GUARD_MS, Places } from "./stepping.js";
import { keyboard } from "./review-keys.js";
import { pin, whoIsHere } from "./session.js";
import { Stage } from "./stage.js";
import { openWhy } from "./why.js";
import { count, named, t } from "./words.js";

const DEFERRED_REASON = "second reviewer wanted";
const DONE = { accept: t("accepted"), reject: t("rejected"), defer: t("deferred"), undo: t("undone") };
const ENGLISH = { accept: "accepted", reject: "rejected", defer: "deferred", confirm: "confirmed", refuse: "refused", undecidable: "marked as not to be told" }; // as it is recorded
const verb = (item) => (item.finding ? SAID : DONE)[item.decision];
const done = (item) => (item.finding ? t("finding {finding} ", item) : "") + verb(item);
const REST_MS = 1200; // without a decision, before the lists are fetched anew

const state = { waiting: [], settled: [], unit: null, document: null, reviews: [], places: [], shownAt: Infinity, mine: [], lots: [], news: null };
const cache = { documents: new Map(), goldens: new Map(), sources: new Map(), ahead: null };
const stage = new Stage(byId("golden-figure"), byId("unit-figure"), byId("unit-caption"));
const queue = new Queue({ chosen: () => state.unit, show: (unit) => show(unit), holder: (id) => claims.other(id), failed: () => {} });

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
    if (!outbox.waiting) soon();
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
  changed: () => drawQueue(false),
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

/** Fetch the lists anew once the reviewer rests; what has been decided is shown already. */
function soon() {
  clearTimeout(state.resting);
  state.resting = setTimeout(refresh, REST_MS);
  tally();
}

const secondLook = () => byId("which").value === "second";

/** In the station's order, but deferred units behind the others, and last those that somebody else is to look at. */
const inOrder = (units) => { const me = byId("reviewer").value; return units.sort((a, b) => rank(a, me) - rank(b, me)); };
const firstOpen = () => state.waiting.find((u) => !claims.other(u.id)) ?? state.waiting[0] ?? null;

/** Fetch the lists anew. */
async function refresh() {
  api.benches().then((found) => drawBenches(byId("bench"), found)).catch(() => {}); // the lists below say what is lost
  clearTimeout(state.resting);
  const turn = ++asked;
  const [[waiting, settled], lots, held] = await patiently(() => Promise.all([queue.fetch(lotChosen(), secondLook()), api.lots(), api.claims()]));
  if (turn !== asked) return; // asked again in the meantime, maybe for another lot
  state.waiting = inOrder(waiting);
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
  drawQueue(!state.unit);
  if (!state.unit) await show(firstOpen(), true);
  else if (state.unit.known) { head(); await tally(); }
}

/** Draw the lists with the next frame: the pictures come first. follow: bring the current unit into view, else what is seen stays where it is. */
function drawQueue(follow = true) {
  state.follow ||= follow;
  state.drawing ??= requestAnimationFrame(() => {
    const draw = () => queue.draw(state.waiting, state.settled, state.follow);
    if (state.follow) draw();
    else steadily(byId("lists"), draw);
    state.drawing = null;
    state.follow = false;
  });
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
  for (const id of ["head", "stage", "tools", "decide"]) byId(id).hidden = !unit;
  byId("empty").hidden = Boolean(unit);
  byId("facts").classList.toggle("loading", Boolean(unit));
  byId("place").textContent = "";
  drawQueue();
  if (!unit) return nothing();
  const early = cache.ahead?.unit === unit ? cache.ahead.found : null;
  const [document, golden, reviews, seen] = await (early ?? patiently(() => gather(unit)));
  if (state.unit?.id !== unit.id) return;
  state.document = document;
  state.reviews = reviews;
  state.places = placesOf(document, seen);
  byId("facts").classList.remove("loading");
  const pictures = { frame: golden.frame, golden: golden.href, unit: api.picture(unit.frame_sha256 ?? unit.sha256) };
  tools.display.reset();
  const standing = stage.show({
    ...pictures, registered: unit.frame_sha256 !== null, name: unit.unit, places: state.places, outline: document.outline ?? null,
    layer: async () => (await api.layers(unit.id))[0],
  });
  findings.show({ ...pictures, seen, places: state.places, ...places.answering() }); // while the pictures come
  facts();
  head();
  between();
  await standing;
  if (state.unit?.id !== unit.id) return;
  places.line(null);
  state.shownAt = performance.now();
  byId("stage").dataset.unit = unit.id;
  queue.begin();
  setTimeout(() => { // what a decision is waiting for comes first
    if (state.unit !== unit) return;
    findings.cut();
    ahead(unit);
    if (early) verify(unit);
  }, early ? GUARD_MS : 0);
  await tally();
}

/** The address of a unit's picture and how many pixels it is wide. */
const pictureOf = (unit, golden) => [api.picture(unit.frame_sha256 ?? unit.sha256), unit.frame_sha256 ? golden.frame.width : Infinity];

/** Have a picture come in the size at which it is shown. */
function fetchPicture({ frame }, href, width) {
  const picture = new Image();
  picture.src = sized(href, stage.across({ w: frame.width * frame.pitch_mm, h: frame.height * frame.pitch_mm }), width);
  return picture;
}

/** What is shown of a unit. */
function gather(unit) {
  const golden = queue.know([unit]).then(() => goldenOf(unit)).then((found) => {
    fetchPicture(found, found.href, found.frame.width);
    fetchPicture(found, ...pictureOf(unit, found));
    return found;
  });
  return Promise.all([documentOf(unit), golden, api.reviews(unit.id), api.findings(unit.id)]);
}

const facts = () => drawFacts(byId("facts"), state.unit, state.document, state.reviews, state.places, { choose: (i) => places.choose(i), why, findings: findings.node });

/** Whether what was fetched ahead of a unit still holds. */
async function verify(unit) {
  const [reviews, seen] = await Promise.all([api.reviews(unit.id), api.findings(unit.id)]).catch(() => [null, null]);
  if (!reviews || state.unit?.id !== unit.id) return;
  if (reviews.at(-1)?.id !== state.reviews.at(-1)?.id) showReviews();
  if (JSON.stringify(seen) !== JSON.stringify(findings.seen)) showAnswers(unit.id);
}

/** Tell where a number comes from; the records behind it are asked for once a unit. */
async function why(measurement) {
  const { unit, document } = state;
  const index = state.places.findIndex((p) => p.sources?.includes(measurement));
  const told = { unit, document, show: index < 0 ? null : () => places.choose(index) };
  openWhy(measurement, { ...told, sources: cache.sources.get(unit.id) ?? null });
  if (cache.sources.has(unit.id)) return;
  const found = await api.sources(unit.id).catch((error) => { byId("why").close(); alertUser(`${error.message}. ${error.do ?? ""}`); return null; });
  if (!found) return;
  cache.sources.set(unit.id, found);
  if (byId("why").open && state.unit?.id === unit.id) openWhy(measurement, { ...told, sources: found });
}

function nothing() {
  queue.begin();
  byId("facts").replaceChildren();
  const settled = state.settled.length;
  if (byId("which").value) byId("empty").replaceChildren(el("h2", {}, t("No unit waits for a second look")));
  else byId("empty").replaceChildren(...(settled || state.lots.length
    ? [el("h2", {}, t("Nothing waits")), el("p", {}, settled ? t("All flagged units are settled, {n} of them by a reviewer. Choose one at the left to look at it again.", { n: settled }) : t("No inspected unit was flagged."))]
    : [el("h2", {}, t("No units yet")), el("p", {}, t("Inspect some, then come back:")), el("pre", {}, "station inspect PHOTOS --golden NUMBER --lot ID")]));
  if (!settled && !state.lots.length) import("./first-run.js").then((firstRun) => firstRun.begin(byId("empty"))).catch(alertUser);
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
  facts();
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

/** Have all of the next unit ready before it is asked for, its picture decoded in the size at which it is shown. */
function ahead(unit) {
  const next = nextAfter(unit);
  if (!next || cache.ahead?.unit === next) return;
  const found = gather(next);
  cache.ahead = { unit: next, found: found.catch(() => patiently(() => gather(next))) };
  found.then(([, golden]) => {
    cache.ahead.picture = fetchPicture(golden, ...pictureOf(next, golden));
    return cache.ahead.picture.decode();
  }).catch(() => {}); // it is asked for again where it is shown
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
  unit.review = { ...unit.review, decision, reason, pending: true };
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

const DO = {
  accept: () => decide("accept"), reject: () => decide("reject"), defer: () => decide("defer"), undo,
  next: () => move(1), previous: () => move(-1),
  note: () => byId("note").focus(),
};
const tools = keyboard({ state, stage, places, buttons, does: DO });

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

const heard = hearing({ state, outbox, claims, queue, lotChosen, refresh, drawQueue, show, showReviews, nextAfter, tally });
const listening = listen((name, data) => heard[name]?.(data));
const here = patiently(whoIsHere).then(() => { outbox.flush(); claims.sync(); });
const wanted = new URLSearchParams(location.hash.slice(1)).get("unit"); // a link from the page of a lot

/** Show the first unit, whose pictures wait for nothing else. */
async function begin() {
  if (wanted) return show(queue.learn(await patiently(() => api.unit(wanted))));
  const [columns, held] = await patiently(() => Promise.all([api.columns(lotChosen(), false, secondLook()), api.claims()]));
  state.waiting = inOrder(queue.read(columns));
  claims.apply(held);
  for (const item of outbox.items) if (!item.finding) settle(item.unit_id, item);
  return state.waiting.length ? show(firstOpen(), true) : null;
}

// what was recorded before the stream of events was open is in the lists that are fetched then
const begun = begin();
const rested = wanted ? begun : Promise.race([begun, new Promise((done) => setTimeout(done, REST_MS))]);
Promise.all([here, listening, rested]).then(() => refresh());
