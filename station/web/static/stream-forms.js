// What people say of a stream, and a stream that is opened.

import { el } from "./dom.js";
import { api, singly, surely } from "./room.js";
import { named, t } from "./words.js";

const LEVELS = ["I", "II", "III", "S-1", "S-2", "S-3", "S-4"];
const EDITIONS = ["z1.4", "z1.4-2003", "z1.4-1993", "mil-std-105e", "iso2859-1"];
const TYPES = ["single", "double", "multiple"];

const field = (label, node) => el("label", { class: "field" }, label, " ", node);
const choice = (values, words = (v) => v) => el("select", {}, values.map((v) => el("option", { value: v }, words(v))));

/** A form for one word: what is said, by whom, why. `done` is called when it is recorded. */
export function wordForm(stream, name, done) {
  const words = {
    "production steady": t("Production runs at a steady rate"), "production irregular": t("Production is irregular"),
    "consent agreed": t("Reduced inspection is agreed"), "consent not agreed": t("Reduced inspection is not agreed any more"),
    "directed tightened": `${t("Directed:")} ${named("tightened")}`, "directed normal": `${t("Directed:")} ${named("normal")}`, "directed reduced": `${t("Directed:")} ${named("reduced")}`,
    "resumed ": t("Inspection is resumed"), "void ": t("An event was recorded by mistake"),
  };
  const what = choice(Object.keys(words), (k) => words[k]);
  const reason = el("input", { maxlength: 2000 });
  const event = el("input", { type: "number", min: 1, max: stream.events });
  const classes = choice(["", ...Object.keys(stream.stream.aql)], (c) => (c ? named(c) : t("all classes")));
  const number = field(t("No."), event);
  const of = field(t("Class"), classes);
  const fit = () => {
    const [kind] = what.value.split(" ");
    number.hidden = kind !== "void";
    event.required = kind === "void";
    of.hidden = kind !== "directed";
    reason.required = ["resumed", "directed", "void"].includes(kind);
  };
  what.addEventListener("change", fit);
  fit();
  const send = singly(async () => {
    const [kind, ...value] = what.value.split(" ");
    const body = { kind, value: value.join(" "), by: name.field.value.trim(), reason: reason.value.trim() };
    if (kind === "void") body.event = Number(event.value);
    if (kind === "directed" && classes.value) body.classes = [classes.value];
    await surely((key) => api.streamWord(stream.stream.name, body, key));
    await done();
  });
  return el("form", { class: "deciding", on: { submit: (submitted) => { submitted.preventDefault(); send(); } } }, field(t("It is said"), what), number, of, name.node, field(t("Reason"), reason), el("button", { class: "quiet" }, t("Record")),
    el("p", { class: "u" }, t("Nothing is erased: what is said stands in the history, and what was recorded by mistake is taken out of the count by its number.")));
}

/** A form for a new stream; `done` hears of it. */
export function streamForm(done) {
  const text = (required = true) => el("input", { required, maxlength: 200 });
  const aql = (value) => el("input", { type: "number", min: 0.01, max: 1000, step: "any", value });
  const it = { name: text(), sku: text(), supplier: text(false), process: text(false), critical: aql(""), major: aql(2.5), minor: aql(4), level: choice(LEVELS), edition: choice(EDITIONS), type: choice(TYPES, named) };
  it.level.value = "II";
  const send = singly(async () => {
    const aqls = Object.fromEntries(["critical", "major", "minor"].filter((c) => it[c].value).map((c) => [c, Number(it[c].value)]));
    const words = Object.fromEntries(["name", "sku", "supplier", "process", "level", "edition", "type"].map((k) => [k, it[k].value.trim()]));
    done(await surely((key) => api.openStream({ ...words, aql: aqls }, key)));
  });
  return el("form", { class: "deciding stream-form", on: { submit: (event) => { event.preventDefault(); send(); } } }, field(t("Called"), it.name), field("SKU", it.sku), field(t("Supplier"), it.supplier), field(t("Process"), it.process),
    ["critical", "major", "minor"].map((c) => field(`AQL ${named(c)}`, it[c])), field(t("Level"), it.level), field(t("Edition"), it.edition), field(t("Plans"), it.type), el("button", { class: "quiet" }, t("Open the stream")));
}
