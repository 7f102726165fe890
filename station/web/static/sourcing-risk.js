// Whether a supplier is a risk for the next order, and every record of its complaints that this is counted from.

import { claimAddress } from "./claim-panel.js";
import { badge, el } from "./dom.js";
import { content, standing, told } from "./factory-records.js";
import { alertUser, api, original, patiently, row, table } from "./room.js";
import { t } from "./words.js";

/** The risk of the supplier that a golden sample's control sheet names; it fetches itself. */
export function sourcingRisk(golden, version) {
  const body = el("div", {}, el("p", { class: "none" }, t("Loading …")));
  patiently(() => api.sourcingRisk(golden, version)).then((found) => body.replaceChildren(...drawn(found))).catch(alertUser);
  return body;
}

function* drawn(found) {
  const { supplier, reasons, records } = found;
  if (!supplier) {
    yield original("p", { class: "none" }, "the control sheet names no supplier (product.supplier)");
    return;
  }
  const risk = reasons.length ? badge("nonconforms", t("a sourcing risk")) : records.length ? badge("conforms", t("no sourcing risk")) : badge("undecided", t("nothing is known of it yet"));
  yield el("p", {}, el("b", {}, supplier), " ", risk);
  yield el("p", {}, t("Nonconformities: {nonconformities} · records that came: {came} · awaited: {awaited} · overdue: {overdue} · that could not be shown: {refused}", found));
  if (!records.length) {
    yield el("p", { class: "none" }, t("No record was asked of it yet. Records are asked for in a nonconformity of its lots."));
    return;
  }
  yield el("p", { class: "u" }, t("Each record that is overdue or could not be shown is a reason. The numbers are counted from these records of the supplier's nonconformities:"));
  yield table(t("Records of the supplier"), [t("Factory's record"), t("Nonconformity"), t("Standing"), t("What it says"), t("Said by")], records.map(({ nonconformity, lot, record }) => row(
    original("span", {}, record.name), el("td", {}, el("a", { class: "day", href: `${claimAddress(nonconformity)}#claim-records` }, nonconformity), el("p", { class: "u" }, t("Lot"), " ", el("a", { href: `/lots?lot=${encodeURIComponent(lot)}#told` }, lot))),
    standing(record), content(nonconformity, record), told(record))));
}
