// Small helpers for the page: elements without markup in strings, so that no text from a record can become markup.

import { LOCALE, named } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

export const WORDS = { conforms: named("conforms"), nonconforms: named("nonconforms"), undecided: named("undecided") };

/** The verdict that a decision stands for, with its shape: of a reviewer about a unit, of a count or a plan about a lot. */
export const STANDING = {
  accept: "conforms", reject: "nonconforms", defer: "undecided",
  accepted: "conforms", rejected: "nonconforms", open: "undecided", "cannot be rejected": "conforms",
};

/** What a count says of a lot, as it stands in STANDING: accepted is null while it is open. */
export const outcomeOf = (accepted) => (accepted === null ? "open" : accepted ? "accepted" : "rejected");

const SHAPES = { conforms: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z", nonconforms: "M8 .8L15.2 8 8 15.2.8 8z", undecided: "M8 1.2L15.4 14.4H.6z" };

/** The shape that stands for a verdict: circle, diamond, triangle. Never alone: a word stands beside it. */
export function shape(verdict) {
  return svg("svg", { class: `shape ${verdict}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: SHAPES[verdict] }));
}

export function badge(verdict, text = WORDS[verdict]) {
  return el("span", { class: `badge ${verdict}` }, shape(verdict), text);
}

export const time = (iso) => new Date(iso).toLocaleTimeString(LOCALE);

export function dayAndTime(iso) {
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return today ? time(iso) : at.toLocaleString(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
}

/** A number with as many decimals as its uncertainty has meaning: two figures of it. */
export function digits(u) {
  if (!(u > 0)) return 2;
  return Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(u))));
}
