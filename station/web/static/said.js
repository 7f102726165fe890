// What the records say, in the language of the page: they are written in English and stay so, and a sentence that is
// known is said again by the template of the same name. See station/report/sentences.py.

import { sentences } from "./words.js";

const HOLE = /\{(\w+)\}/;
const stem = (hole) => hole.replace(/\d+$/, "");
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const LISTS = { names: "char", chars: "char", kinds: "kind", factors: "factor", classes: "class", levels: "level", causes: "cause", suspects: "suspect", shownlist: "shown", artefacts: "artefact", roles: "role", fields: "field", items: "item", parties: "party", needs: "need", variances: "variance" };
/** Kinds that may have clauses of their own; no other reaches over the end of one, and a list only over its commas. */
const FREE = new Set(["reason", "rest", "which", "text", "units", "scores", "settings", "signs"]);
const REACH = (kind) => (FREE.has(kind) ? ".+?" : kind in LISTS ? "(?:(?![;:.] ).)+?" : "(?:(?![;:,] ).)+?");
const spoken = (word) => word.replaceAll(/[_-]/g, " ");
const found = new Map();

/** A word of a kind, as the tables have it; null where they do not. */
function word(kind, text) {
  const table = sentences.words[kind] ?? {};
  return table[text] ?? table[lower(text).replaceAll(" ", "_")] ?? table[lower(text).replaceAll(" ", "-")] ?? table[lower(text)] ?? null;
}

/** ``KIND:NAME`` of a characteristic, or the kind of a finding, in words; null where it is neither. */
function code(text) {
  if (text === "nonconforming") return sentences.nonconforming;
  const [, kind, name] = /^([a-z-]+):(.+)$/.exec(text) ?? [];
  if (!kind) return word("kind", text);
  const [, region, coordinate] = /^(.+) (\w+)$/.exec(name) ?? [];
  if (kind === "colour" && sentences.coordinates[coordinate]) return sentences.coordinates[coordinate].replace("{name}", region);
  if (kind === "size" && word("own", name)) return word("own", name);
  return sentences.characteristics[kind]?.replace("{name}", name) ?? null;
}

function fill(hole, text) {
  const kind = stem(hole);
  if (kind in LISTS) return text.split(/, and |, | and | or /).map((one) => fill(LISTS[kind], one)).join("、");
  if (kind === "reason") return known(text) ?? text;
  if (["char", "name", "defect"].includes(kind)) return code(text) ?? text;
  return word(kind, text) ?? text;
}

/** A template as what matches its English, and what says it again. end : it may only stand at the end. */
function compiled([english, said], end) {
  const parts = english.split(HOLE);
  const pattern = parts.map((part, i) => {
    if (i % 2 === 0) return escape(part);
    if (parts.slice(0, i).some((p, j) => j % 2 && p === part)) return `\\k<${part}>`;
    const closed = sentences.closed.includes(stem(part)) ? Object.keys(sentences.words[stem(part)]).flatMap((w) => [w, spoken(w)]).map(escape) : [];
    return `(?<${part}>${closed.length ? closed.sort((a, b) => b.length - a.length).join("|") : REACH(stem(part))})`;
  }).join("");
  const own = parts.filter((_, i) => i % 2 === 0);
  return { own: own.reduce((a, b) => (b.length > a.length ? b : a)), size: own.join("").length, said, pattern: new RegExp(end ? `^(?<before_>.+?)${pattern}$` : `^${pattern}$`) };
}

const ready = {};
/** The templates with most words of their own first. */
const templates = (which) => (ready[which] ??= sentences[which].map((pair) => compiled(pair, which === "tails")).sort((a, b) => b.size - a.size));

function direct(text, which = "sentences") {
  for (const { own, pattern, said } of templates(which)) {
    const values = text.includes(own) && pattern.exec(text)?.groups;
    if (!values && text !== own) continue;
    const before = values?.before_ === undefined ? "" : known(values.before_);
    if (before !== null) return before + said.replace(/\{(\w+)\}/g, (_, hole) => fill(hole, values[hole]));
  }
  return null;
}

/** A list of codes, such as ``colour:sky, scratch``, or of fields of a golden sample's record. */
function codes(text) {
  const all = text.split(", ").map((one) => code(one) ?? word("field", one));
  return all.every((one) => one !== null) ? all.join("、") : null;
}

const whole = (text) => direct(text) ?? codes(text) ?? direct(text, "tails");

/** Sentences one after another, each the longest that is known; null where none is. */
function several(text, joint, between) {
  const parts = text.split(joint);
  if (parts.length < 2) return null;
  const said = [];
  let any = false;
  for (let at = 0; at < parts.length;) {
    let end = parts.length;
    let one = null;
    for (; end > at; end -= 1) {
      const part = parts.slice(at, end).join(joint);
      one = end === at + 1 ? known(part) : whole(part) ?? whole(lower(part));
      if (one !== null) break;
    }
    any ||= one !== null;
    said.push(one ?? parts[at]);
    at = Math.max(end, at + 1);
  }
  return any ? said.join(between) : null;
}

/** A word of a kind in the language of the page, else as it is. */
export const wordOf = (kind, text) => (sentences ? word(kind, text) : null) ?? text;

const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

/** A text of the records in the language of the page; null where nothing of it is known. */
export function known(text) {
  if (!sentences || !text) return null;
  if (!found.has(text)) {
    found.set(text, null); // while it is looked for
    const stop = text.endsWith(".") ? known(text.slice(0, -1)) : null;
    found.set(text, stop !== null ? `${stop}。` : whole(text) ?? whole(lower(text)) ?? several(text, "; ", sentences.listed) ?? several(text, ". ", "。"));
  }
  return found.get(text);
}

/** The same, and what is not known as it is. */
export const said = (text) => known(text) ?? text;

/** Between what is wrong and what to do. */
export const JOINT = sentences ? "。" : ". ";

/** A refusal as one text, each of its two sentences in the language of the page where it is known. */
export const refusalText = ({ message, do: then }) => [message, then].filter(Boolean).map(said).join(JOINT);

/** Say again what stands in a node; true where nothing of it is left in English. */
export function sayIn(node) {
  if (node.nodeName === "CODE") return false;
  if (node.nodeType !== Node.TEXT_NODE) return [...node.childNodes].map(sayIn).every(Boolean);
  const [, before, text, after] = /^([\s:]*)([^]*?)(\s*)$/.exec(node.data);
  const again = known(text);
  if (again !== null) node.data = before + again + after;
  return again !== null || !/[a-z]{2}/i.test(text);
}
