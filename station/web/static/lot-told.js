// What people found of a lot's causes and what became of the factory's records, with the forms that say more: all of it
// is recorded in the lot's nonconformity.

import { claimAddress } from "./claim-panel.js";
import { el } from "./dom.js";
import { factoryRecords } from "./factory-records.js";
import { form } from "./form-parts.js";
import { api, surely } from "./room.js";
import { nameField } from "./session.js";
import { sourcingRisk } from "./sourcing-risk.js";
import { varianceCauses } from "./variance-causes.js";
import { t } from "./words.js";

/** claim : the lot's nonconformity, null where it has none. done : hears that something was recorded. */
export function drawTold(body, lot, claim, done) {
  body.replaceChildren(...(claim ? said(claim, done) : [without(lot, done)]), el("h3", {}, t("Sourcing risk of the supplier")), sourcingRisk(lot.golden, lot.golden_version));
}

function said(claim, done) {
  const name = nameField(t("Name"));
  const at = { claim, name, done };
  return [
    el("p", {}, t("Recorded in the nonconformity"), " ", el("a", { href: claimAddress(claim.number) }, claim.number)),
    el("div", { class: "deciding" }, name.node, el("p", { class: "u" }, t("Whatever you record below is recorded under this name."))),
    el("h3", {}, t("Causes of variance")), varianceCauses(at), el("h3", {}, t("Records of the factory")), factoryRecords(at),
  ].flat();
}

/** What is to be done before anything can be recorded. */
function without(lot, done) {
  const why = t("Causes are confirmed or ruled out, and the factory's records asked for, in the lot's nonconformity. This lot has none yet.");
  if (lot.decision === "rejected") return el("p", {}, why, " ", el("a", { href: `/orders?draft=${encodeURIComponent(lot.lot)}` }, t("Draft the complaint")));
  if (!lot.decision) return el("p", {}, why, " ", t("Decide the lot first."));
  return el("div", {}, el("p", {}, why), draftForm(lot, done));
}

/** A lot that is not rejected may have single units that do not conform. */
function draftForm(lot, done) {
  const name = nameField(t("Name"));
  return form(t("Draft the nonconformity"), [name.node], async (by) => {
    await surely((key) => api.draftClaim({ lot: lot.lot, by }, key));
    await done();
  }, { name, kind: "saying deciding" });
}
