// The page of the benches' light: what is out of bounds or soon will be and what to do, the calibration in force, how the
// light and the cards in the photos changed since; calibrating and checking with pictures, here.

import { Refusal } from "./api.js";
import { badge, byId, dayAndTime, el } from "./dom.js";
import { busy, handIn, ProgressLine, refusalOf, watch } from "./jobs.js";
import { chart } from "./light-chart.js";
import { say } from "./messages.js";
import { alertUser, api, begin, command, day, light, notHere, original, patiently, row, side, singly, stepping, surely, table } from "./room.js";
import { COMMA, count, t } from "./words.js";

const STATE = { ok: "released", soon: "ready", out: "closed" };
const WORDS = { ok: t("in order"), soon: t("soon to be calibrated"), out: t("does not judge") };
const GATES = { light: t("colour"), scale: t("lengths") };
const DAY_MS = 86400000;
const NINE = [t("back left"), t("back"), t("back right"), t("left"), t("middle"), t("right"), t("front left"), t("front"), t("front right")];

const state = { benches: [], bench: null };

const percent = (v, digits = 1) => `${(100 * v).toFixed(digits)} %`;
const left = (iso) => Math.floor((new Date(iso) - Date.now()) / DAY_MS);

async function refresh() {
  state.benches = await patiently(api.benches);
  const query = new URLSearchParams(location.search);
  const rig = query.get("rig");
  const linked = state.benches.find((b) => b.rig === rig);
  if (rig && !linked) notHere(t("There is no bench {name} here: the link is old or of another station. Choose one at the left.", { name: rig }));
  const bench = linked ?? state.benches.find((b) => b.in_use) ?? state.benches[0] ?? null;
  if (query.has("new") || !bench) return begun(bench);
  return show(bench);
}

function drawSide() {
  side(state.benches, {
    name: (b) => b.rig, parameter: "rig", chosen: state.bench?.rig, choose: show,
    entry: (b) => [el("span", { class: "unit" }, el("b", {}, b.rig)), light(STATE[b.state], WORDS[b.state]), el("span", { class: "reason" }, b.in_use ? t("in use") : t("no golden sample is sealed on it"))],
  });
}

function begun(bench) {
  state.bench = null;
  drawSide();
  byId("paper").hidden = true;
  byId("new").hidden = false;
  byId("empty").hidden = bench !== null;
  byId("empty").textContent = t("No bench is registered yet.");
  document.title = t("Register a bench");
  const text = el("textarea", { id: "rig", rows: 18, spellcheck: "false", lang: "en", required: true });
  const file = el("input", { type: "file", accept: ".toml", on: { change: async () => { if (file.files[0]) text.value = await file.files[0].text(); } } });
  const send = singly(async () => {
    const made = await surely((key) => api.addRig(text.value, key));
    location.assign(`/light?rig=${encodeURIComponent(made.name)}`);
  });
  byId("new").replaceChildren(el("header", { class: "paper-head" }, el("h2", {}, t("Register a bench")), el("p", {}, t("Camera, distance, markers and board, as TOML; a changed bench needs new calibrations."), " ", el("a", { href: "/help/bench-lens" }, t("What may be in it")))),
    el("form", { on: { submit: (event) => { event.preventDefault(); send(); } } }, el("label", { for: "rig" }, t("Bench (TOML)")), text, el("p", {}, el("label", { class: "field" }, t("or a file"), " ", file)), el("p", {}, el("button", { class: "quiet" }, t("Register")))));
}

async function show(bench) {
  state.bench = bench;
  drawSide();
  byId("empty").hidden = byId("new").hidden = true;
  byId("paper").hidden = false;
  document.title = `${bench.rig} · ${t("Light")}`;
  byId("head").replaceChildren(el("h2", {}, t("Bench {rig}", bench)), light(STATE[bench.state], WORDS[bench.state]),
    el("p", {}, bench.in_use ? t("Golden samples are sealed on it.") : t("No golden sample is sealed on it.")));
  next(bench);
  made(bench);
  forms(bench);
  for (const part of ["drift", "card"]) byId(`${part}-body`).replaceChildren(el("p", { class: "none" }, say("loading")));
  await Promise.all([
    fill(bench, "drift", () => Promise.all([api.drift(bench.rig), api.driftBounds()]), (body, [checks, bounds]) => drift(body, bench, checks, bounds)),
    fill(bench, "card", () => api.cardResiduals(bench.rig), cards),
  ]);
}

async function fill(bench, part, ask, draw) {
  try {
    const found = await patiently(ask);
    if (state.bench === bench) draw(byId(`${part}-body`), found);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (state.bench === bench) byId(`${part}-body`).replaceChildren(refusalOf(error));
  }
}

// --- what to do ------------------------------------------------------------------------------------------------------

function next(bench) {
  const line = (of, f) => el("li", {}, light(of, of === "closed" ? t("does not judge {what}", { what: GATES[f.gate] ?? f.gate }) : t("soon will not judge {what}", { what: GATES[f.gate] ?? f.gate })),
    original("p", {}, f.reason), el("p", {}, el("a", { href: "#calibrate" }, t("Calibrate it below")), " ", t("or run:"), " ", command(f.command)));
  const todo = [...bench.faults.map((f) => line("closed", f)), ...bench.expiring.map((f) => line("ready", f))];
  if (bench.light && !bench.last_check) todo.push(el("li", {}, light("ready", t("no check since the calibration")), el("p", {}, t("Photograph the bench with the colour card and check the light: the first check is the reference that later ones are held against."))));
  if (bench.light && !bench.light.meter) todo.push(el("li", {}, light("ready", t("no lux meter was read")), el("p", {}, t("Without a reading nobody knows how bright the bench is: read the meter when it is calibrated next."))));
  byId("next-body").replaceChildren(todo.length ? el("ul", { class: "todo" }, todo) : el("p", {}, badge("conforms", t("Nothing: colour and lengths are judged here.")), " ",
    t("Next: {what} until {day}.", { what: t("calibrate the light"), day: day(bench.light.expires_at) })));
}

// --- the calibration in force ----------------------------------------------------------------------------------------

function expiry(one) {
  const days = left(one.expires_at);
  return days < 0 ? badge("nonconforms", t("expired on {day}", { day: day(one.expires_at) })) : badge(days <= 3 ? "undecided" : "conforms", count(days, "holds for {n} more day", "holds for {n} more days"));
}

function made({ light: of, lens }) {
  const parts = [];
  if (of) {
    const facts = [
      [t("Made"), [dayAndTime(of.made_at), " ", expiry(of)]], [t("Grey pictures"), String(of.images)],
      [t("Darkest of nine places"), t("{share} of the brightest", { share: percent(of.uniformity, 0) })], [t("Left after correction"), percent(of.residual, 2)],
      [t("Illuminance"), of.meter ? `${of.meter.readings_lux.map((v) => v.toFixed(0)).join(COMMA)} lx · ${day(of.meter.measured_on)} ${of.meter.instrument}` : t("not read")],
      [t("Flicker"), of.flicker ? t("{temporal} from picture to picture, {banding} in bands", { temporal: percent(of.flicker.temporal ?? 0, 2), banding: percent(of.flicker.banding, 2) }) : t("not known")],
      [t("Warm-up"), of.warm_up ? t("{level} of level, {tint} CIEDE2000 a minute", { level: percent(of.warm_up.level_per_minute, 2), tint: of.warm_up.tint_per_minute.toFixed(2) }) : t("not known")],
      [t("Camera"), original("span", {}, Object.entries(of.settings).map(([k, v]) => `${k.replaceAll("_", " ")} ${v}`).join(", "))],
    ];
    parts.push(el("div", { class: "beside" }, factList(facts), of.nine ? nine(of.nine) : ""));
  } else parts.push(el("p", { class: "none" }, t("The light was never calibrated here: colour is not judged.")));
  parts.push(el("h3", {}, t("Lens")));
  parts.push(lens ? factList([
    [t("Made"), [dayAndTime(lens.made_at), " ", expiry(lens)]], [t("Pictures of the board"), String(lens.images)], [t("Left after the fit"), `${lens.rms_px.toFixed(3)} px`],
    [t("Uncertainty in 30 mm (k = 2)"), `${lens.u_length_mm[0].toFixed(4)} mm`], [t("A knocked camera is noticed"), lens.watched ? t("yes") : t("no")],
  ]) : el("p", { class: "none" }, t("The lens was never calibrated here: lengths come from the colour card, with their uncertainty.")));
  byId("made-body").replaceChildren(...parts);
}

const factList = (facts) => el("dl", { class: "facts-list" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]).flat());

/** Relative light of the nine places, as they lie on the bench. */
function nine(values) {
  const rows = values.map((line, y) => el("tr", {}, line.map((v, x) => el("td", { class: `nine shade-${Math.min(5, Math.floor((1 - v) * 25))}`, title: NINE[3 * y + x] }, percent(v, 0)))));
  return el("table", { class: "nine-places" }, el("caption", {}, t("Light at nine places of the bench, of the brightest")), el("tbody", {}, rows));
}

// --- how it changed --------------------------------------------------------------------------------------------------

function drift(body, bench, checks, bounds) {
  const since = checks.filter((c) => !bench.light || new Date(c.at) >= new Date(bench.light.made_at));
  if (!since.length) return body.replaceChildren(el("p", { class: "none" }, t("No check since the calibration.")));
  const at = (c) => new Date(c.at).getTime();
  const points = (of) => since.map((c) => ({ at: at(c), value: of(c), ok: c.ok, words: `${dayAndTime(c.at)}${COMMA}${c.photo}` }));
  body.replaceChildren(
    el("div", { class: "charts" },
      chart(t("Lightness against the reference, L*"), points((c) => c.lightness), { low: -bounds.lightness, high: bounds.lightness }),
      chart(t("Tint against the reference, CIEDE2000"), points((c) => c.tint), { high: bounds.tint, zero: true }),
      chart(t("Level of light, reference = 1"), points((c) => c.level), { around: 1 })),
    el("details", {}, el("summary", {}, count(since.length, "{n} check", "{n} checks")), table(t("Checks of the light"), [t("When"), t("Photo"), "L*", t("Tint"), t("Level"), t("Illuminance"), t("Standing")], since.toReversed().map((c) => row(
      el("span", { class: "day" }, dayAndTime(c.at)), original("span", {}, c.photo), c.lightness.toFixed(2), c.tint.toFixed(2), c.level.toFixed(3), c.lux === null ? original("span", { class: "u" }, c.lux_reason) : `${c.lux.toFixed(0)} lx`,
      el("td", {}, badge(c.ok ? "conforms" : "nonconforms", c.reference ? t("reference") : c.ok ? t("within bounds") : t("out of bounds")), c.reason ? original("p", { class: "u" }, c.reason) : ""))))));
}

function cards(body, found) {
  if (!found.photos.length) return body.replaceChildren(el("p", { class: "none" }, t("No photo with a fitted card was inspected on this bench yet.")));
  const points = (of) => found.photos.map((p, i) => ({ at: i, value: of(p), ok: true, words: `${p.unit}${COMMA}${dayAndTime(p.at)}` }));
  const newest = found.photos.at(-1);
  body.replaceChildren(
    el("p", {}, t("Residuals after the correction in the newest {n} photos; they grow where the card ages, glares or is covered, or where the light leaves that of the calibration.", { n: found.photos.length })),
    el("div", { class: "charts" },
      chart(t("Mean residual of the card, CIEDE2000"), points((p) => p.mean), { high: found.most_mean, zero: true, order: true }),
      chart(t("Largest residual of a patch, CIEDE2000"), points((p) => p.max), { high: found.most_max, zero: true, order: true })),
    el("p", { class: "u" }, t("Newest photo {unit}: mean {mean}, largest {max}, leaving one patch out {loo}.", { unit: newest.unit, mean: newest.mean.toFixed(2), max: newest.max.toFixed(2), loo: newest.loo_mean.toFixed(2) })));
}

// --- calibrating -----------------------------------------------------------------------------------------------------

function forms(bench) {
  const pictures = (multiple = true) => el("input", { type: "file", accept: "image/*", multiple, required: true });
  const greys = pictures(), boards = pictures(), card = pictures(false);
  const lux = el("input", { inputmode: "decimal", placeholder: "900, 880, 910", pattern: "\\s*\\d+([.]\\d+)?(\\s*[,; ]\\s*\\d+([.]\\d+)?)*\\s*" });
  const instrument = el("input", { maxlength: 200 });
  const read = el("input", { type: "date" });
  const replace = el("input", { type: "checkbox" });
  const run = (words, needs, ask, told) => {
    const line = new ProgressLine();
    const button = el("button", { class: "quiet" }, words);
    const said = el("p", { role: "status" });
    return { button, line, said, submit: (event) => {
      event.preventDefault();
      busy(button, line, async () => {
        said.textContent = "";
        const ids = await handIn([...needs.files], (done, of) => line.tell(t("handing in the pictures"), done, of));
        const job = await watch(await surely((key) => ask(ids, key)), line);
        if (!job) return;
        await refresh();
        byId("calibrate").querySelector(`[data-said="${words}"]`)?.replaceChildren(...told(job.result));
      });
    } };
  };
  const calibrated = (result) => [badge(result.faults.length ? "nonconforms" : "conforms", result.faults.length ? t("calibrated, and out of bounds") : t("calibrated")),
    original("ul", { class: "bullets" }, [...result.faults, ...result.remarks].map((r) => el("li", {}, r)))];
  const form = (title, hint, it, words, ...fields) => {
    it.said.dataset.said = words;
    return el("form", { class: "card-form", on: { submit: it.submit } }, el("h3", {}, title), el("p", { class: "u" }, hint), fields.map(([name, node]) => el("label", { class: "field" }, name, " ", node)), it.button, it.line.node, it.said);
  };
  const checked = run(t("Check the light"), card, (ids, key) => api.checkLight(bench.rig, { photo: ids[0] }, key), (r) => [badge(r.ok ? "conforms" : "nonconforms", r.reference ? t("this check is the reference") : r.ok ? t("within bounds") : t("out of bounds")), original("span", {}, ` ${r.reason}`)]);
  const lit = run(t("Calibrate the light"), greys, (ids, key) => api.calibrateLight(bench.rig, { greys: ids, lux: lux.value.split(/[,; ]+/).filter(Boolean).map(Number), ...(lux.value.trim() ? { instrument: instrument.value.trim(), measured_on: read.value || null } : {}) }, key), calibrated);
  const seen = run(t("Calibrate the lens"), boards, (ids, key) => api.calibrateLens(bench.rig, { boards: ids, replace: replace.checked }, key), calibrated);
  byId("calibrate-body").replaceChildren(el("div", { class: "card-forms" },
    form(t("Check"), t("Every morning, and whenever lamp or camera was touched."), checked, t("Check the light"), [t("Photo of the bench with the colour card"), card]),
    form(t("Light"), t("Two to ten pictures of the grey card, filling the picture, with the camera as it inspects."), lit, t("Calibrate the light"), [t("Pictures of the grey card"), greys], [t("Lux meter, one reading a place"), lux], [t("Which meter"), instrument], [t("Meter read on"), read]),
    form(t("Lens"), t("Pictures of the board, flat and tilted to five sides."), seen, t("Calibrate the lens"), [t("Pictures of the board"), boards], [t("Also in the place of a surer one"), replace])));
}

stepping((by) => {
  const index = state.benches.indexOf(state.bench);
  const bench = state.benches[Math.min(state.benches.length - 1, Math.max(0, index + by))];
  if (!bench || bench === state.bench) return;
  history.replaceState(null, "", `?rig=${encodeURIComponent(bench.rig)}`);
  show(bench).catch(alertUser);
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(refresh);
