// The review page: the queue, one unit at a time, one key a decision. See outbox.js for how a decision is kept.

import { Unreachable, api } from "./api.js";
import { drawBenches } from "./bench-banner.js";
import { Claims } from "./claims.js";
import { Course } from "./course.js";
import { Deciding } from "./decide.js";
import { badge, byId, el, time } from "./dom.js";
import { drawFacts } from "./facts.js";
import { Fetched } from "./fetched.js";
import { listen, steadily } from "./live.js";
import { hearing } from "./others.js";
import { Outbox } from "./outbox.js";
import { placesOf } from "./places.js";
import { Queue } from "./queue.js";
import { elsewhere, remarks } from "./second-look.js";
import { GUARD_MS, Places } from "./stepping.js";
import { keyboard } from "./review-keys.js";
import { whoIsHere } from "./session.js";
import { Stage } from "./stage.js";
import { keep, recall } from "./storage.js";
import { Tally } from "./tally.js";
import { alertUser, patiently as untilAnswered } from "./telling.js";
import { openWhy } from "./why.js";
import { count, t } from "./words.js";

const REST_MS = 1200; // without a decision, before the lists are fetched anew
const AGAIN_MS = 5000; // before rows of the queue are asked for again that could not be had

// awaited: the lists that were chosen are on their way, so that none of what stands in them comes by itself
const state = { waiting: [], settled: [], awaited: true, unit: null, document: null, reviews: [], places: [], shownAt: Infinity, mine: [], lots: [], news: null, idle: false, deaf: false };
const nameAtTop = () => byId("reviewer").value;
const stage = new Stage(byId("golden-figure"), byId("unit-figure"), byId("unit-caption"));
const queue = new Queue({ chosen: () => state.unit, show: (unit) => show(unit), holder: (id) => claims.other(id), failed: rowsFailed });
const fetched = new Fetched({ queue, stage });

const outbox = new Outbox({
  changed: connection,
  recorded(item, review) {
    deciding.recorded(item, review);
    if (item.finding) {
      showAnswers(item.unit_id, review);
      return;
    }
    claims.decided(item.unit_id);
    const unit = course.unit(item.unit_id);
    if (unit) Object.assign(unit, { review, overtaken: false, pending: outbox.pending(unit.id) });
    drawQueue(false);
    heard.arrived(item.unit_id); // as it stands by now, also where reviewers disagree
    tally.soon();
    if (state.deaf) soon(REST_MS); // else the events tell what others do
  },
  refused(item, error) {
    deciding.refused(item, error);
    if (item.finding) showAnswers(item.unit_id);
    else if (state.unit?.id === item.unit_id) showReviews();
    refresh();
  },
});

const claims = new Claims({
  reviewer: nameAtTop,
  elsewhere: () => state.unit !== null && elsewhere(state.unit, nameAtTop()),
  decided: () => outbox.first,
  changed() {
    drawQueue(false);
    if (state.idle && course.first()) show(course.first(), true); // somebody has let it go
  },
  skipped(claim) {
    byId("said").textContent = t("{reviewer} looks at {unit}: passed over", claim);
    show(course.after(state.unit), true);
  },
});

const course = new Course({ state, outbox, reviewer: nameAtTop, other: (id) => claims.other(id) });
const deciding = new Deciding({ state, outbox, course, claims, show, alert: alertUser, redraw: () => drawQueue(false), answered: () => findings.update(places.answering()) });
const tally = new Tally({ state, lotChosen, connection, refresh });
const places = new Places({ state, stage, outbox, reviewer: () => deciding.reviewer(), buttons: () => deciding.buttons() });
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

/** Ask again until the station answers, for as long as it is wanted. A refusal is shown, and whatever waited for the answer ends there. */
async function patiently(call, wanted) {
  const answer = await untilAnswered(call, { wanted, connected: connection }).catch((error) => { alertUser(error); return new Promise(() => {}); });
  outbox.flush();
  return answer;
}

/** Rows of the queue could not be had: where the station is away, those that are looked at then are asked for again. */
function rowsFailed(error) {
  if (error instanceof Unreachable) soon(AGAIN_MS);
  else alertUser(error);
}

function lotChosen() {
  return byId("lot").value;
}

let asked = 0; // how often the lists were fetched

/** Fetch the lists anew once the reviewer rests. */
function soon(wait) {
  clearTimeout(state.resting);
  state.resting = setTimeout(refresh, wait);
}

const secondLook = () => byId("which").value === "second";

/** Fetch the lists anew. */
async function refresh() {
  api.benches().then((found) => drawBenches(byId("bench"), found)).catch(() => {}); // the lists below say what is lost
  clearTimeout(state.resting);
  const turn = ++asked;
  const { told } = claims;
  const [[waiting, settled], lots, held] = await patiently(() => Promise.all([queue.fetch(lotChosen(), secondLook()), api.lots(), api.claims()]));
  if (turn !== asked) return; // asked again in the meantime, maybe for another lot
  state.lots = lots;
  take(waiting, settled, held, told);
  for (const unit of [...waiting, ...settled]) if (unit.ahead) heard.place(unit);
  const select = byId("lot");
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, t("all lots")), ...lots.map((l) => el("option", { value: l.lot }, `${l.lot}${l.waiting ? ` (${l.waiting})` : ""}`)));
  select.value = chosen;
  drawQueue(!state.unit);
  if (!state.unit) await show(course.first(), true);
  else if (state.document) head();
  await tally.draw();
}

/** Take what was fetched: the lists, and who looks at what, where the events told nothing newer since. told: how often they had before it was asked for. */
function take(waiting, settled, held, told) {
  course.take(waiting, settled);
  state.awaited = false;
  claims.apply(told === claims.told ? held : claims.list);
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
    unit, reviews, news, time, reviewer: nameAtTop(), claim: claims.other(unit.id), takeOver,
  }) : []));
}

/** Take the unit that is shown over from who looks at it; what stands against it is told. */
function takeOver() {
  if (deciding.reviewer()) claims.takeOver(state.unit.id).catch(alertUser);
}

let shows = 0; // how often a unit was shown

/** byItself: it was not asked for, and is passed over where somebody else looks at it. */
async function show(unit, byItself = false) {
  const turn = ++shows;
  if (state.scrolled) byId("facts").scrollTop = 0;
  state.scrolled = false;
  state.unit = unit;
  state.idle = false;
  state.news = null;
  claims.look(unit?.id ?? null, byItself);
  state.document = null;
  state.shownAt = Infinity;
  delete byId("stage").dataset.unit; // it names the unit whose pictures stand there
  for (const id of ["head", "stage", "tools", "decide"]) byId(id).hidden = !unit;
  byId("empty").hidden = Boolean(unit);
  byId("facts").classList.toggle("loading", Boolean(unit));
  byId("place").textContent = "";
  drawQueue();
  if (!unit) return nothing();
  const early = fetched.early(unit);
  const anew = () => patiently(() => fetched.gather(unit), () => state.unit === unit);
  const [document, golden, reviews, seen] = await (early ? early.catch(anew) : anew());
  if (turn !== shows || state.unit !== unit) return; // another one by now, or the same one again
  state.document = document;
  state.reviews = reviews;
  state.places = placesOf(document, seen);
  byId("facts").classList.remove("loading");
  const pictures = { frame: golden.frame, golden: golden.href, unit: api.picture(unit.frame_sha256 ?? unit.sha256) };
  tools.display.reset();
  const standing = stage.show({
    ...pictures, registered: unit.frame_sha256 !== null, name: unit.unit, places: state.places, outline: document.outline ?? null,
    ready: (address) => fetched.decoded(address),
    layer: async () => (await untilAnswered(() => api.layers(unit.id), { wanted: () => state.unit === unit, connected: connection }))[0],
  });
  findings.show({ ...pictures, seen, places: state.places, ...places.answering() }); // while the pictures come
  facts();
  head();
  between();
  await standing;
  if (turn !== shows || state.unit !== unit) return;
  places.line(null);
  state.shownAt = performance.now();
  byId("stage").dataset.unit = unit.id;
  queue.begin();
  setTimeout(() => { // what a decision is waiting for comes first
    if (state.unit !== unit) return;
    findings.cut();
    fetched.ahead(course.after(unit));
    if (early) verify(unit);
  }, early ? GUARD_MS : 0);
  tally.follow();
}

const facts = () => drawFacts(byId("facts"), state.unit, state.document, state.reviews, state.places, { choose: (i) => places.choose(i), why, findings: findings.node });

/** Whether what was fetched ahead of a unit still holds. */
async function verify(unit) {
  const [reviews, seen] = await Promise.all([api.reviews(unit.id), api.findings(unit.id)]).catch(() => [null, null]);
  if (!reviews || state.unit?.id !== unit.id) return;
  if (reviews.at(-1)?.id !== state.reviews.at(-1)?.id) showReviews();
  if (JSON.stringify(seen) !== JSON.stringify(findings.seen)) showAnswers(unit.id);
}

let whys = 0; // how often a number was asked about

/** Tell where a number comes from; the records behind it are asked for once a unit. */
async function why(measurement) {
  const turn = ++whys;
  const { unit, document } = state;
  const index = state.places.findIndex((p) => p.sources?.includes(measurement));
  const told = { unit, document, show: index < 0 ? null : () => places.choose(index) };
  const known = fetched.sources.get(unit.id) ?? null;
  openWhy(measurement, { ...told, sources: known });
  if (known) return;
  const found = await fetched.source(unit).catch((error) => { if (turn === whys) byId("why").close(); alertUser(error); return null; });
  if (found && turn === whys && byId("why").open && state.unit?.id === unit.id) openWhy(measurement, { ...told, sources: found });
}

/** Values were entered: what is kept of the units is asked for anew, and the unit is shown anew where its record says something else. */
async function reconsider() {
  fetched.forget();
  queue.doubt();
  const { unit } = state;
  await refresh();
  if (!unit || state.unit !== unit) return;
  const [now] = await patiently(() => Promise.all([fetched.document(unit), queue.know([unit])]), () => state.unit === unit);
  if (state.unit !== unit) return;
  const { document, news } = state; // none while the records are on their way: these may be from before
  if (document && JSON.stringify(now) === JSON.stringify(document)) return head();
  show(unit);
  state.news = news;
}

function nothing() {
  state.idle = true;
  queue.begin();
  byId("facts").replaceChildren();
  const settled = state.settled.length;
  const others = state.waiting.length;
  if (others) byId("empty").replaceChildren(el("h2", {}, t("Nothing waits for you")), el("p", {}, count(others, "{n} unit waits for another reviewer, or one looks at it. Choose it at the left to see it.", "{n} units wait for another reviewer, or one looks at them. Choose one at the left to see it.")));
  else if (byId("which").value) byId("empty").replaceChildren(el("h2", {}, t("No unit waits for a second look")));
  else byId("empty").replaceChildren(...(settled || state.lots.length
    ? [el("h2", {}, t("Nothing waits")), el("p", {}, settled ? t("All flagged units are settled, {n} of them by a reviewer. Choose one at the left to look at it again.", { n: settled }) : t("No inspected unit was flagged."))]
    : [el("h2", {}, t("No units yet")), el("p", {}, t("Inspect some, then come back:")), el("pre", {}, "station inspect PHOTOS --golden NUMBER --lot ID")]));
  if (!others && !settled && !state.lots.length) import("./first-run.js").then((firstRun) => firstRun.begin(byId("empty"))).catch(alertUser);
  tally.follow();
}

function head() {
  const unit = state.unit;
  byId("unit-name").textContent = unit.unit;
  const unlike = state.document?.disagreements?.length;
  byId("unit-verdict").replaceChildren(badge(unit.verdict), unlike ? el("span", { class: "dispute" }, t("≠ models disagree")) : "");
  const facts = [unit.lot && t("lot {lot}", unit), unit.carton && t("carton {carton}", unit), ...Object.entries(unit.identifiers).map(([k, v]) => `${k} ${v}`), t("golden {golden} version {golden_version}", unit), unit.photo];
  byId("unit-about").textContent = byId("unit-about").title = facts.filter(Boolean).join(" · ");
  deciding.buttons();
}

async function showReviews() {
  const unit = state.unit;
  const reviews = await patiently(() => api.reviews(unit.id));
  if (state.unit?.id !== unit.id || !state.document || reviews.length < state.reviews.length) return; // none is ever taken away: a later answer came first
  const { scrollTop } = byId("facts");
  state.reviews = reviews;
  facts();
  byId("facts").scrollTop = scrollTop;
  between();
}

/** Show by now what is said of the findings of the unit. answer : recorded just now, which is known before. */
async function showAnswers(id, answer = null) {
  if (state.unit?.id !== id || !state.document) return;
  if (answer) findings.learn(answer);
  const seen = await patiently(() => api.findings(id));
  if (state.unit?.id === id && state.document) findings.update({ seen, ...places.answering() });
}

/** Go so many units further in the lists. */
function move(by) {
  const unit = course.step(state.unit, by);
  if (unit) show(unit);
}

// --- keys ------------------------------------------------------------------------------------------------------------

const DO = {
  accept: () => deciding.decide("accept"), reject: () => deciding.decide("reject"), defer: () => deciding.decide("defer"), undo: () => deciding.undo(),
  next: () => move(1), previous: () => move(-1),
  note: () => byId("note").focus(),
};
const tools = keyboard({ state, stage, places, buttons: () => deciding.buttons(), does: DO });

byId("facts").addEventListener("scroll", () => { state.scrolled = true; }, { passive: true }); // to set it where it stands already would have all laid out anew

// --- beginning -------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-decision]")) button.addEventListener("click", () => deciding.decide(button.dataset.decision));
byId("undo").addEventListener("click", () => deciding.undo());
byId("decide").addEventListener("input", () => deciding.buttons());
byId("decide").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["lot", "which"]) byId(id).addEventListener("change", () => { Object.assign(state, { unit: null, idle: false, awaited: true }); refresh(); });
byId("reviewer").value = recall("station.reviewer") ?? "";
byId("reviewer").addEventListener("change", () => {
  keep("station.reviewer", byId("reviewer").value.trim());
  byId("reviewer").classList.remove("missing");
  if (state.document) findings.update(places.answering());
  claims.sync();
  refresh();
});
// a session left open overnight asks again when somebody comes back to it
document.addEventListener("visibilitychange", () => { if (!document.hidden) { outbox.flush(); refresh(); } });

const heard = hearing({ state, outbox, claims, queue, course, tally, fetched, lotChosen, refresh, drawQueue, show, showReviews, reconsider });
const listening = listen((name, data) => heard[name]?.(data));
const here = patiently(whoIsHere).then((session) => { outbox.session ??= session; outbox.flush(); claims.sync(); });
const linked = () => new URLSearchParams(location.hash.slice(1)).get("unit"); // as from the page of a lot
const wanted = linked();

/** Show the unit of a link; whether there is one. */
async function follow(id) {
  const view = await untilAnswered(() => api.unit(id), { connected: connection }).catch((error) => {
    if (![404, 422].includes(error.status)) alertUser(error);
    else alertUser(t("There is no unit {id} here: the link is old or of another station. Choose a unit at the left.", { id }));
    return null;
  });
  if (view) await show(queue.learn(view));
  else history.replaceState(null, "", location.pathname);
  return view !== null;
}

/** Show the first unit, whose pictures wait for nothing else. */
async function begin() {
  if (wanted && await follow(wanted)) return null;
  const turn = asked;
  const { told } = claims;
  const [columns, held] = await patiently(() => Promise.all([api.columns(lotChosen(), false, secondLook()), api.claims()]));
  if (turn !== asked) return null; // the lists were fetched anew in the meantime
  take(queue.read(columns), [], held, told);
  return course.first() && show(course.first(), true);
}

addEventListener("hashchange", () => { if (linked()) follow(linked()); });

// what was recorded before the stream of events was open is in the lists that are fetched then
const begun = begin();
const rested = wanted ? begun : Promise.race([begun, new Promise((done) => setTimeout(done, REST_MS))]);
Promise.all([here, listening, rested]).then(() => refresh());
