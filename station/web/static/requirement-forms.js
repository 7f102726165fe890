// What a gate asks, with the form that supplies it or the page where it is supplied. Which one it is follows from the
// command that the station names for it.

import { byId, el } from "./dom.js";
import { asCommand, choice, field, file, form, given, held, numeric, parts, words } from "./form-parts.js";
import { handIn } from "./jobs.js";
import { LANGUAGES } from "./messages.js";
import { api, surely } from "./room.js";
import { named, t } from "./words.js";

const PHOTOS = /--photo ([a-z]+)=/g;
const CLASSES = ["major", "minor", "critical"];

const link = (address, text) => el("p", {}, el("a", { href: address }, text));
const golden = (order, part, text) => link(`/golden?golden=${encodeURIComponent(order.record.golden)}#${part}`, text);

const FORMS = {
  "gate answer": answer, "gate task": sample, "gate check": check, "gate made": made, "gate bonded": bonded,
  "gate lot": lot, "gate plan": plan, "gate escalate": anomaly, "gate first-article": firstArticle,
  "golden acknowledge": acknowledge, "lot decide": decide,
  "golden sign": ({ order }) => golden(order, "signatures", t("Sign it on the page Golden")),
  "golden status": ({ order }) => golden(order, "signatures", t("See who holds which version on the page Golden")),
  "golden item": ({ order }) => golden(order, "items", t("Settle it on the page Golden")),
  "gate open": anew,
};

/** How an open requirement is supplied. at : the order, its gate, the requirement, the name's field, and `done`, which
    hears that something was recorded. */
export function supply(at) {
  const kind = at.requirement.command.split(" ").slice(1, 3).join(" ");
  return [FORMS[kind]?.(at) ?? "", asCommand(at.requirement.command)];
}

/** What another version of the golden sample mends while production has not begun, and then only another order. */
function anew({ order, requirement }) {
  if (requirement.key !== "catalogue" || order.started_at) return link("?new", t("Open an order"));
  return link(`/golden?new=${encodeURIComponent(order.record.golden)}`, t("Before production: name the defects in the control sheet, seal and sign it on the page Golden, then open the order again"));
}

/** Something said of the order; `body` makes what is sent. */
function saying({ order, name, done, requirement }, what, label, nodes, body) {
  return form(label, nodes, async (by) => {
    const said = { ...(await body()), by };
    await surely((key) => api.ofOrder(order, what, said, "", key));
    await done();
  }, { name, called: requirement?.words });
}

function answer(at) {
  const { key, command: text } = at.requirement;
  const delivery = key === "quantity-delivery";
  const words_ = words({ maxlength: 4000, placeholder: delivery ? t("1200 units, delivered on 2026-12-01") : "" });
  const shown = file();
  const unit = words({ required: false });
  return saying(at, "answers", t("Answer"), [field(t("Answer"), words_), text.includes("--file") ? field(t("File that shows it"), shown) : "",
    key === "material-colour" ? field(t("or a measured unit"), unit) : ""],
  async () => ({ question: key, text: held(words_), file: await given(shown), unit: held(unit) || null }));
}

function sample(at) {
  const { key, command: text } = at.requirement;
  const n = numeric({ value: text.match(/--n (\d+)/)?.[1] ?? 1 });
  const photos = [...text.matchAll(PHOTOS)].map(([, what]) => [what, file({ accept: "image/*" })]);
  const units = words({ required: false });
  return saying(at, "samples", t("Record"), [field(t("Units"), n), photos.map(([what, node]) => field(t("Photo: {what}", { what: named(what) }), node)),
    text.includes("--unit") ? field(t("Measured units, by name"), units) : ""], async () => {
    const there = photos.filter(([, node]) => node.files.length);
    const ids = await handIn(there.map(([, node]) => node.files[0]));
    return { kind: key, n: Number(n.value), photos: there.map(([what], i) => ({ what, photo: ids[i] })), units: parts(units) };
  });
}

function check(at) {
  const { key, command: text } = at.requirement;
  const n = numeric({ value: text.match(/--n (\d+)/)?.[1] ?? "" });
  const wrong = numeric({ min: 0, value: 0 });
  const kind = choice(CLASSES, named);
  const lux = numeric({ required: false, max: 200000, step: "any" });
  const note = words({ required: false });
  const visual = text.includes("--lux");
  return saying(at, "checks", t("Record"), [field(t("Tried"), n), field(t("Nonconforming"), wrong), field(t("Class"), kind),
    visual ? field(t("Light, lux"), lux) : "", field(t("Note"), note)], async () => ({
    gate: at.gate.gate, test: ["completion", "frequency"].includes(key) ? "sample" : key, n: Number(n.value), wrong: Number(wrong.value),
    ...(Number(wrong.value) ? { class: kind.value } : {}), ...(visual && lux.value ? { lux: Number(lux.value) } : {}), text: held(note),
  }));
}

export function made(at) {
  const units = numeric({ min: 0, value: at.order.made || "" });
  return saying(at, "made", t("Record"), [field(t("Units made so far"), units)], async () => ({ units: Number(units.value) }));
}

export function bonded(at) {
  const batch = words({ maxlength: 120 });
  const when = el("input", { type: "datetime-local" });
  return saying(at, "bonded", t("Record"), [field(t("Batch of bonded parts"), batch), field(t("Bonded at (now, if empty)"), when)],
    async () => ({ batch: held(batch), at: when.value ? new Date(when.value).toISOString() : null }));
}

export function started(at) {
  return saying(at, "started", t("Production begins"), [], async () => ({}));
}

export function lot(at) {
  const name = words({ list: "known-lots" });
  const gate = at.gate ? null : choice(at.order.gates.map((g) => g.gate).filter((g) => g !== "pre-production"), at.gateName);
  const replaced = at.requirement?.command.match(/--replaces (.+) --by/)?.[1];
  return el("div", {}, saying(at, "lots", t("Assign the lot"), [field(t("Lot"), name), gate ? field(t("Gate"), gate) : ""],
    async () => ({ gate: gate?.value ?? at.gate.gate, lot: held(name), ...(replaced ? { replaces: replaced } : {}) })),
  at.gate ? link("/lots", t("See the lots and what was inspected on the page Lots")) : "");
}

function decide({ requirement }) {
  const of = requirement.key.replace(/^lot /, "");
  return link(`/lots?lot=${encodeURIComponent(of)}#tally`, t("Decide lot {lot} on the page Lots", { lot: of }));
}

function firstArticle(at) {
  return el("div", {}, Object.entries(LANGUAGES).map(([code, language]) => el("p", {}, el("a", { href: api.firstArticle(at.order, code), hreflang: code, download: true }, t("First-article form"), " · ", el("span", { lang: code }, language), " · PDF"))),
    lot(at));
}

/** How incoming goods are inspected, or the line. */
function plan(at) {
  const line = at.gate.gate === "in-line";
  const it = { what: words(), standard: words(), signer: words(), keeper: words(), sop: words() };
  const ratio = numeric({ max: 100, step: "any" });
  const pieces = numeric();
  const who = words({ maxlength: 120 });
  const hours = numeric({ min: 0.1, max: 720, step: "any" });
  const nodes = line ? [field(t("Key parameters, between commas"), it.what), field(t("Every so many pieces"), pieces), field(t("Written procedure, with its version"), it.sop),
    field(t("Keeps the records"), it.keeper), field(t("Decides about anomalies"), who), field(t("within hours"), hours)]
    : [field(t("Inspected, between commas"), it.what), field(t("By which standard"), it.standard), field(t("Share inspected, %"), ratio),
      field(t("Signs the release"), it.signer), field(t("Keeps the records"), it.keeper)];
  return saying(at, "plans", t("Record the plan"), nodes, async () => ({
    gate: at.gate.gate, what: parts(it.what), keeper: held(it.keeper),
    ...(line ? { every_pieces: Number(pieces.value), sop: held(it.sop), ladder: [{ who: held(who), hours: Number(hours.value) }] }
      : { standard: held(it.standard), ratio: Number(ratio.value) / 100, signer: held(it.signer) }),
  }));
}

export function anomaly(at) {
  const text = words({ maxlength: 4000 });
  const gate = at.gate ? null : choice(at.order.gates.map((g) => g.gate), at.gateName);
  if (gate && at.order.gates.some((g) => g.gate === "in-line")) gate.value = "in-line";
  return saying(at, "anomalies", t("Record the anomaly"), [field(t("What is odd"), text), gate ? field(t("Gate"), gate) : ""],
    async () => ({ gate: gate?.value ?? at.gate.gate, text: held(text) }));
}

export function resolve(at, number) {
  const text = words({ maxlength: 4000 });
  return saying(at, `anomalies/${number}/resolutions`, t("Resolved"), [field(t("What was done"), text)], async () => ({ text: held(text) }));
}

export function escalate(at, a) {
  return saying(at, `anomalies/${a.number}/levels`, t("Take it up to {who}", { who: a.next_who }), [], async () => ({ level: a.level + 1 }));
}

/** The factory says that it holds the version in force. */
function acknowledge({ order, done }) {
  const who = words({ maxlength: 120 });
  return form(t("The factory holds the version in force"), [field(t("Who says so, of the factory"), who)], async () => {
    await surely((key) => api.acknowledge(order.record.golden, { party: "factory", name: held(who) }, key));
    await done();
  });
}

/** Names of known lots, for the fields that ask for one. */
export function knownLots(lots) {
  byId("known-lots")?.remove();
  document.body.append(el("datalist", { id: "known-lots" }, lots.map((l) => el("option", { value: l.lot }))));
}
