// Corrective actions of a nonconformity: agreed on, put off, done, verified by later lots, taken back.

import { saying } from "./claim-forms.js";
import { badge, el } from "./dom.js";
import { choice, field, held, parts, tick, words } from "./form-parts.js";
import { say } from "./messages.js";
import { day, original, row, table } from "./room.js";
import { t } from "./words.js";

const KINDS = ["containment", "correction", "root-cause", "prevention"];
/** The verdict whose shape an action has, by how it stands; else it is open. */
export const ACTION = { overdue: "nonconforms", verified: "conforms", "not effective": "nonconforms" };
const STATES = { open: t("to be done"), done: t("done, to be verified"), verified: t("verified"), "not effective": t("not effective"), withdrawn: t("withdrawn") };
const TO_DO = new Set(["open", "not effective"]);
const TEN_DAYS_MS = 10 * 86_400_000;

/** The actions with what may be said of each, and a form for another. points : of the nonconformity, in words. */
export function actions(at, points) {
  const { claim } = at;
  return el("div", {}, claim.actions.length ? table(t("Corrective actions"), ["due", "standing", "action", "owner"].map((c) => say(`column.${c}`)), claim.actions.map((a) => row(
    el("span", { class: "day" }, day(a.due)), badge(ACTION[a.overdue ? "overdue" : a.state] ?? "undecided", a.overdue ? say("due.overdue") : STATES[a.state]),
    el("td", {}, el("b", {}, `${a.number} ${say(`kind.${a.kind}`)}`), " ", original("span", {}, a.words), a.result ? original("p", { class: "u" }, a.result) : "",
      TO_DO.has(a.state) ? doneForm(at, a) : "", a.state === "done" ? verifyForm(at, a) : "", TO_DO.has(a.state) ? dueForm(at, a) : "", TO_DO.has(a.state) || a.state === "done" ? withdrawForm(at, a) : ""), a.owner)))
    : el("p", { class: "none" }, t("None is agreed on yet.")), addForm(at, points));
}

const inDays = (ms) => new Date(Date.now() + ms).toISOString().slice(0, 10);

function addForm(at, points) {
  const kind = choice(KINDS, (k) => say(`kind.${k}`));
  const text = words({ maxlength: 4000 });
  const owner = words({ maxlength: 120 });
  const due = el("input", { type: "date", required: true, value: inDays(TEN_DAYS_MS) });
  const against = points.map((p) => [p, tick()]);
  return saying(at, "actions", t("Add the action"), [field(t("Kind"), kind), field(t("What is to be done"), text), field(t("Owner"), owner), field(t("Due"), due),
    points.length > 1 ? el("fieldset", { class: "ticks" }, el("legend", {}, t("Against these points (all, if none is ticked)")), against.map(([p, node]) => el("label", {}, node, ` ${p.number} ${p.name}`))) : ""],
  () => ({ kind: kind.value, text: held(text), owner: held(owner), due: due.value, points: against.filter(([, node]) => node.checked).map(([p]) => p.number) }), { kind: "saying deciding" });
}

function doneForm(at, a) {
  const text = words({ maxlength: 4000 });
  return saying(at, `actions/${a.number}/done`, t("Done"), [field(a.kind === "root-cause" ? t("What the cause is") : t("What was done"), text)], () => ({ text: held(text) }));
}

function verifyForm(at, a) {
  const lots = words({ required: a.kind === "prevention", list: "known-lots" });
  const text = words({ required: false, maxlength: 4000 });
  return saying(at, `actions/${a.number}/verified`, t("Verify"), [field(t("Later lots, between commas"), lots), a.kind === "prevention" ? "" : field(t("or what shows it"), text)],
    () => ({ lots: parts(lots), text: held(text) }), { signs: true });
}

/** A form that is seldom wanted, folded away under its title. */
const folded = (title, a, node) => el("details", {}, el("summary", { "aria-label": `${title}: ${a.number} ${a.words}` }, title), node);

function dueForm(at, a) {
  const due = el("input", { type: "date", required: true, min: inDays(0), value: a.due });
  const reason = words({ maxlength: 4000 });
  return folded(t("Another due date"), a, saying(at, `actions/${a.number}/due`, t("Put it off"), [field(t("New due date"), due), field(t("Reason"), reason)], () => ({ due: due.value, reason: held(reason) })));
}

function withdrawForm(at, a) {
  const reason = words({ maxlength: 4000 });
  return folded(t("Take it back"), a, saying(at, `actions/${a.number}/withdrawn`, t("Take the action back"), [field(t("Reason"), reason)], () => ({ reason: held(reason) })));
}
