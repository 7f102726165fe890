// The three records that a factory is asked for in a complaint: which came and when, who says so, and what is said next.

import { saidBefore } from "./claim-history.js";
import { saying } from "./claim-forms.js";
import { badge, dayAndTime, el } from "./dom.js";
import { choice, field, file, given, held } from "./form-parts.js";
import { say } from "./messages.js";
import { api, original, row, table } from "./room.js";
import { said } from "./said.js";
import { t } from "./words.js";

/** As a request names them, by the cause that each tells. */
const NAMES = { drift: "lot-dates", substitution: "incoming-lots", screening: "inspection-reports" };
const VERDICTS = { asked: "undecided", came: "conforms", refused: "nonconforms", overdue: "nonconforms" };
const STATES = { "not asked": t("not asked for"), asked: t("asked for"), came: t("came"), refused: t("could not be shown"), overdue: t("overdue") };
const STEPS = { asked: t("it is asked for"), came: t("it came"), refused: t("it cannot be shown") };
const [ASKED, DUE, CAME, REFUSED] = [t("asked for on {day}"), t("due on {day}"), t("came on {day}"), t("not shown on {day}")];
const SAID = { came: t("What it says"), refused: t("Why it cannot be shown") };

/** How a record stands, in the shape of a verdict where it counts, and the days: asked for, to be there, ended. */
export function standing({ state, asked_on: asked, due, settled_on: settled }) {
  const line = (iso, words) => (iso ? el("p", { class: "day" }, words.replace("{day}", iso)) : "");
  return el("td", {}, el("p", {}, VERDICTS[state] ? badge(VERDICTS[state], STATES[state]) : STATES[state]),
    line(asked, ASKED), settled ? "" : line(due, DUE), line(settled, state === "refused" ? REFUSED : CAME));
}

/** The file of a record that came, to keep. */
const fileLink = (number, sha256, name) => (sha256 ? el("p", {}, el("a", { href: api.recordFile(number, sha256), download: true }, name || t("The file"))) : "");

/** What a record says, and its file. */
export const content = (number, record) => el("td", {}, record.note, fileLink(number, record.sha256, record.file_name));

/** Who said something and when; nothing where nobody did. */
export const told = ({ by, at }) => el("td", {}, by, at ? el("p", { class: "u" }, dayAndTime(at)) : "");

/** The three as they stand, and the form that says what became of one. at : as of ``saying``. */
export function factoryRecords(at) {
  const { claim } = at;
  const title = t("Records of the factory");
  const name = (cause) => claim.factory_records.find((r) => r.record === cause).name;
  return [
    el("p", { class: "u" }, t("What tells the lot's cause is asked for when the complaint is sent, and owed by the day of the answer.")),
    table(title, [t("Factory's record"), t("Standing"), t("What it says"), t("Said by")], claim.factory_records.map((r) => row(
      el("span", {}, original("span", {}, r.name), el("p", { class: "u" }, t("tells {cause}", { cause: say(`cause.${r.record}`) }))), standing(r), content(claim.number, r), told(r)))),
    claim.status === "closed" ? "" : recordForm(at, title),
    saidBefore(claim, "record", t("All that was said of the factory's records"), (e) => [
      [original("span", {}, name(e.record)), ` · ${STEPS[e.step]}`, e.due ? ` · ${e.due}` : ""], el("td", {}, e.text, fileLink(claim.number, e.photo_sha256, e.file_name))]),
  ];
}

function recordForm(at, title) {
  const records = at.claim.factory_records;
  const record = choice(records.map((r) => r.record), (cause) => said(records.find((r) => r.record === cause).name));
  const step = el("select", {});
  const on = el("input", { type: "date" });
  const text = el("textarea", { maxlength: 4000, rows: 2 });
  const about = el("span", {});
  const shown = file();
  const [textField, fileField] = [field(about, text), field(t("The record itself"), shown)];
  const fit = () => {
    textField.hidden = step.value === "asked";
    about.textContent = SAID[step.value] ?? "";
    fileField.hidden = step.value !== "came";
  };
  const steps = () => {
    const { asked_on: asked } = records.find((r) => r.record === record.value);
    step.replaceChildren(...Object.entries(STEPS).filter(([s]) => s !== "asked" || !asked).map(([value, words]) => el("option", { value }, words)));
    fit();
  };
  const owed = records.find((r) => ["overdue", "asked"].includes(r.state)) ?? records.find((r) => r.state === "not asked");
  record.value = (owed ?? records[0]).record;
  record.addEventListener("change", steps);
  step.addEventListener("change", fit);
  steps();
  return saying(at, "records", t("Record what became of it"), [field(t("Factory's record"), record), field(t("What became of it"), step), field(t("On (today, if empty)"), on), fileField, textField], async () => ({
    record: NAMES[record.value], step: step.value, ...(on.value ? { on: on.value } : {}),
    ...(textField.hidden ? {} : { text: held(text) }), ...(fileField.hidden ? {} : { file: await given(shown) }),
  }), { called: title, kind: "saying deciding" });
}
