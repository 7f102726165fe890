// The page at the bench: pictures handed in, or taken by the station's camera, are inspected one after another; the verdict
// stands there at once, large enough to be read from two metres.

import { Refusal } from "./api.js";
import { drawBenches } from "./bench-banner.js";
import { LiveView } from "./bench-view.js";
import { valueOf } from "./bars.js";
import { badge, byId, el, shape, WORDS } from "./dom.js";
import { GATES } from "./gates.js";
import { ProgressLine } from "./jobs.js";
import { kindOf, nameOf, regionOf } from "./places.js";
import { alertUser, api, begin, light, newKey, original, patiently, refusal, stepping } from "./room.js";
import { keep, recall } from "./storage.js";
import { COLON, count, named, t } from "./words.js";

const AT_ONCE = 2; // pictures on their way; the station measures no more at a moment
const KEPT = { golden: "station.bench.golden", lot: "station.bench.lot", rig: "station.bench.rig" };
const PICTURE = /\.(jpe?g|png|tiff?|webp|heic|heif|dng|nef|cr2|cr3|arw|raf|orf|rw2)$/i;
const MOST_FLAGS = 6;

const state = { camera: null, done: [], chosen: -1, waiting: [], running: 0, asked: 0, ended: 0, refused: 0 };
const line = new ProgressLine();

async function start() {
  const [goldens, lots, rigs, benches, camera] = await patiently(() => Promise.all([api.goldens(), api.lots(), api.rigs(), api.benches(), api.camera()]));
  const newest = goldens.filter((g, i) => goldens.findIndex((o) => o.number === g.number) === i);
  byId("golden").replaceChildren(...newest.map((g) => el("option", { value: g.number }, `${g.number} · ${g.product || g.sku}`)), newest.length ? "" : el("option", { value: "" }, t("none yet")));
  byId("rig").replaceChildren(...rigs.map((r) => el("option", { value: r.name }, r.name)), el("option", { value: "" }, t("no bench")));
  byId("lots").replaceChildren(...lots.map((l) => el("option", { value: l.lot })));
  for (const [id, key] of Object.entries(KEPT)) {
    const field = byId(id);
    const kept = recall(key);
    if (kept !== null && (id === "lot" || [...field.options].some((o) => o.value === kept))) field.value = kept;
    field.addEventListener("change", () => keep(key, field.value));
  }
  const own = () => newest.find((g) => g.number === byId("golden").value);
  if (recall(KEPT.rig) === null && own()) byId("rig").value = own().rig ?? "";
  drawBenches(byId("bench"), benches);
  byId("progress").append(line.node);
  line.button.textContent = t("Stop");
  line.button.onclick = () => { state.asked -= state.waiting.length; state.waiting = []; };
  state.camera = camera;
  byId("capture").hidden = !camera.present;
  if (camera.present) new LiveView({ against, busy: () => state.running > 0 });
  byId("camera").textContent = camera.present && !camera.reason ? t("Camera: {name}", camera) : ""; // the live view gives the reason
  if (!newest.length) byId("empty").replaceChildren(t("No golden sample is sealed yet."), " ", el("a", { href: "/golden?new" }, t("Seal a golden sample")));
}

const against = () => {
  const query = { golden: byId("golden").value, lot: byId("lot").value.trim(), rig: byId("rig").value };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value));
};

// --- taking ----------------------------------------------------------------------------------------------------------

function take(files) {
  const pictures = [...files].filter((f) => f.type.startsWith("image/") || PICTURE.test(f.name));
  pictures.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (!pictures.length) return alertUser({ message: t("There is no picture among these files"), do: "" });
  add(pictures.map((file) => ({ name: file.name, ask: (query) => api.inspect(file, query) })));
}

/** What is handed in is held to what is chosen now, however long it waits and whatever is chosen meanwhile. */
function add(items) {
  if (!byId("against").reportValidity()) return;
  const query = against();
  if (!state.running && !state.waiting.length) Object.assign(state, { asked: 0, ended: 0, refused: 0 });
  state.waiting.push(...items.map(({ name, ask }) => ({ name, ask: () => ask(query) })));
  state.asked += items.length;
  while (state.running < AT_ONCE && state.waiting.length) run(state.waiting.shift());
  tell();
}

async function run(item) {
  state.running += 1;
  try {
    const found = await patiently(item.ask); // the same picture sent again is the same unit
    enter({ id: found.id, name: found.unit.unit, verdict: found.unit.verdict, document: found.unit, fresh: found.new });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.refused += 1;
    enter({ name: item.name, verdict: null, error });
  } finally {
    state.running -= 1;
    state.ended += 1;
    if (state.waiting.length) run(state.waiting.shift());
    tell();
  }
}

function tell() {
  const busy = state.running + state.waiting.length > 0;
  if (busy) {
    line.bar.hidden = false;
    line.tell(t("inspecting"), state.ended, Math.max(2, state.asked));
    line.words.textContent = t("inspecting {done} of {of}", { done: state.ended, of: state.asked });
  } else line.end(count(state.ended - state.refused, "{n} unit is inspected", "{n} units are inspected") + (state.refused ? ` · ${count(state.refused, "{n} picture is refused", "{n} pictures are refused")}` : ""));
  line.button.hidden = !state.waiting.length;
  byId("capture").disabled = state.running > 0;
}

function capture() {
  if (!state.camera?.present) return byId("files").click();
  if (state.running) return;
  const key = newKey(); // sent again it is the same picture
  add([{ name: t("picture of the camera"), ask: (query) => api.capture(query, key) }]);
}

// --- what came of it -------------------------------------------------------------------------------------------------

function enter(unit) {
  const follows = state.chosen <= 0; // whoever looks at an earlier unit stays there
  state.done.unshift(unit);
  state.chosen = follows ? 0 : state.chosen + 1;
  drawSide();
  if (!follows) return;
  draw();
  byId("result").querySelector(".verdict").scrollIntoView({ block: "nearest" });
}

function drawSide() {
  byId("count").textContent = state.done.length;
  const sums = ["conforms", "nonconforms", "undecided"].map((v) => [v, state.done.filter((u) => u.verdict === v).length]);
  byId("sums").replaceChildren(...sums.filter(([, n]) => n).map(([v, n]) => el("li", {}, shape(v), el("b", {}, n), ` ${WORDS[v]}`)));
  byId("side").replaceChildren(...state.done.map((unit, i) => el("li", {}, el("a", { href: `#${state.done.length - i}`, "aria-current": i === state.chosen ? "true" : null,
    on: { click: (event) => { event.preventDefault(); choose(i); } } },
  el("span", { class: "unit" }, el("b", {}, unit.name)), unit.verdict ? badge(unit.verdict) : badge("undecided", t("refused"))))));
}

function choose(i) {
  state.chosen = i;
  drawSide();
  draw();
}

function draw() {
  const unit = state.done[state.chosen];
  byId("empty").hidden = true;
  byId("result").hidden = false;
  document.title = `${unit.name} · ${t("Bench")}`;
  if (!unit.verdict) return byId("result").replaceChildren(banner("refused", unit, t("Refused")), refusal("p", { class: "reasons" }, unit.error));
  const found = unit.document;
  byId("result").replaceChildren(
    banner(unit.verdict, unit, WORDS[unit.verdict]),
    found.reasons.length ? original("ul", { class: "reasons" }, found.reasons.map((r) => el("li", {}, r))) : "",
    el("div", { class: "beside" }, el("figure", { class: "on-grey", id: "picture" }), el("div", {}, gates(found), flags(found),
      el("p", {}, el("a", { href: `/#unit=${unit.id}` }, t("Look at it on the review page")), unit.fresh ? "" : ` · ${t("This picture was inspected before: its record is shown.")}`))));
  picture(unit);
}

const banner = (verdict, unit, word) => el("header", { class: `verdict ${verdict}` }, shape(verdict === "refused" ? "undecided" : verdict), el("h2", {}, word), el("p", {}, unit.name));

/** The conditions for measuring, as lights. */
function gates(found) {
  if (!found.gates.length) return "";
  const weight = (g) => (g.ok ? (g.reason ? 2 : 1) : 0); // those that are closed first, remarks last
  return el("section", { "aria-label": t("Conditions for measuring") }, el("h3", {}, t("Conditions for measuring")), el("ul", { class: "lights" },
    [...found.gates].sort((a, b) => weight(a) - weight(b)).map((g) => el("li", { class: g.reason ? "told" : null },
      light(g.ok ? "released" : "closed", GATES[g.name] ?? g.name), g.reason ? original("span", { class: "u" }, g.reason) : ""))));
}

/** What is beyond or near a limit, the worst first. */
function flags(found) {
  const rank = { nonconforms: 0, undecided: 1 };
  const flagged = [...found.findings.map((f) => ({ verdict: f.verdict, words: `${named(f.kind)} ${f.size_mm.toFixed(2)} mm`, more: regionOf(f) })),
    ...found.measurements.map((m) => ({ verdict: m.verdict, words: `${nameOf(m)}${COLON}${kindOf(m)} ${valueOf(m)}`, more: "" }))].filter((f) => f.verdict in rank);
  flagged.sort((a, b) => rank[a.verdict] - rank[b.verdict]);
  if (!flagged.length) return el("p", {}, t("Nothing is beyond or near a limit."));
  const left = flagged.length - MOST_FLAGS;
  return el("section", { "aria-label": t("Beyond or near a limit") }, el("h3", {}, t("Beyond or near a limit")), el("ul", { class: "lines" },
    flagged.slice(0, MOST_FLAGS).map((f) => el("li", {}, badge(f.verdict), ` ${f.words}`, f.more ? el("span", { class: "u" }, ` ${f.more}`) : "")),
    left > 0 ? el("li", { class: "u" }, t("and {n} more", { n: left })) : ""));
}

async function picture(unit) {
  try {
    const seen = await patiently(() => api.unit(unit.id));
    if (state.done[state.chosen] !== unit) return;
    const sha256 = seen.annotated_sha256 ?? seen.frame_sha256 ?? seen.sha256;
    byId("picture").replaceChildren(el("img", { src: api.picture(sha256), alt: t("Unit {name}", { name: unit.name }) }));
  } catch (error) {
    alertUser(error);
  }
}

// --- hands -----------------------------------------------------------------------------------------------------------

for (const id of ["files", "folder", "device"]) byId(id).addEventListener("change", () => { take(byId(id).files); byId(id).value = ""; });
byId("capture").addEventListener("click", capture);
byId("against").addEventListener("submit", (event) => event.preventDefault());
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.dataTransfer.files);
});
addEventListener("keydown", (event) => {
  if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog, button, a, summary")) return;
  event.preventDefault();
  if (!event.repeat) capture(); // a key that is held is one shot
});
addEventListener("beforeunload", (event) => { if (state.running + state.waiting.length) event.preventDefault(); });
stepping((by) => {
  const i = Math.min(state.done.length - 1, Math.max(0, state.chosen + by));
  if (state.done.length && i !== state.chosen) choose(i);
});
begin(start);
