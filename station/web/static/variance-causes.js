// The thirteen causes of variance: what the lot's data say of each, what people found, and the form that confirms one or
// rules it out.

import { saidBefore } from "./claim-history.js";
import { saying } from "./claim-forms.js";
import { badge, el } from "./dom.js";
import { told } from "./factory-records.js";
import { choice, field, held } from "./form-parts.js";
import { original, row, table } from "./room.js";
import { said } from "./said.js";
import { t } from "./words.js";

const VERDICTS = { suspect: "undecided", confirmed: "nonconforms", "ruled out": "conforms" };
const STATES = { open: t("open"), suspect: t("suspect"), confirmed: t("confirmed"), "ruled out": t("ruled out") };
const FOUND = { "ruled out": t("not the cause"), confirmed: t("the cause") };
const WHERE = { true: t("the measurement"), false: t("the goods") };

const standing = (cause) => (VERDICTS[cause.state] ? badge(VERDICTS[cause.state], STATES[cause.state]) : STATES[cause.state]);

/** What shows it: a person's words as they are, those of the data in the language of the page. */
const shown = (cause) => (cause.by ? cause.why : original("span", {}, cause.why));

/** The thirteen as they stand, and the form. at : as of ``saying``. */
export function varianceCauses(at) {
  const { variance } = at.claim;
  const title = t("Causes of variance");
  return [
    el("p", { class: "u" }, t("Those in the measurement come first: no cause in the goods is confirmed while one of them is not ruled out.")),
    table(title, [t("Cause"), t("Lies in"), t("Standing"), t("What shows it"), t("Said by")], variance.map((c) => row(
      el("span", {}, original("span", {}, c.words), " ", el("code", { class: "u day" }, c.name)), el("span", { class: "day" }, WHERE[c.measurement]), standing(c), shown(c), told(c)))),
    at.claim.status === "closed" ? "" : causeForm(at, title),
    saidBefore(at.claim, "cause", t("All that was said of the causes"), (e) => [
      [original("span", {}, variance.find((c) => c.name === e.variance).words), ` · ${FOUND[e.holds ? "confirmed" : "ruled out"]}`], el("td", {}, e.text)]),
  ];
}

function causeForm(at, title) {
  const { variance } = at.claim;
  const options = (measurement) => el("optgroup", { label: WHERE[measurement] }, variance.filter((c) => c.measurement === measurement).map((c) => el("option", { value: c.name }, said(c.words))));
  const cause = el("select", {}, options(true), options(false));
  const found = choice(Object.keys(FOUND), (s) => FOUND[s]);
  const text = el("textarea", { required: true, maxlength: 4000, rows: 2 });
  const next = ["suspect", "open"].map((s) => variance.find((c) => c.state === s)).find(Boolean);
  if (next) cause.value = next.name;
  return saying(at, "causes", t("Record what was found"), [field(t("Cause"), cause), field(t("Found to be"), found), field(t("What shows it"), text)],
    () => ({ cause: cause.value, holds: found.value === "confirmed", text: held(text) }), { called: title, kind: "saying deciding" });
}
