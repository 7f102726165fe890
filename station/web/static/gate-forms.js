// Releasing a gate, excusing what it asks, and an order that is opened.

import { el } from "./dom.js";
import { choice, field, form, held, numeric, parts, tick, words } from "./form-parts.js";
import { api, surely } from "./room.js";
import { nameField } from "./session.js";
import { named, t } from "./words.js";

const PARTIES = ["buyer", "supplier"];

/** The release of a gate, signed. */
export function releaseForm({ order, gate, name, done }) {
  const party = choice(PARTIES, named);
  const role = words({ required: false, maxlength: 120 });
  return form(t("Release this gate"), [field(t("For the"), party), field(t("Function"), role)], async (by, signed) => {
    await surely((key) => api.ofOrder(order, "releases", { gate: gate.gate, party: party.value, role: held(role), by }, signed, key));
    await done();
  }, { name, signs: true, kind: "saying release" });
}

/** A requirement excused with a reason, signed by the buyer. */
export function waiveForm({ order, gate, requirement, name, done }) {
  const reason = words({ maxlength: 4000 });
  return el("details", {}, el("summary", {}, t("Waive it")), form(t("Waive, signed for the buyer"), [field(t("Reason"), reason)], async (by, signed) => {
    await surely((key) => api.ofOrder(order, "waivers", { gate: gate.gate, requirement: requirement.key, reason: held(reason), by }, signed, key));
    await done();
  }, { name, signs: true, called: requirement.words }));
}

/** A form for a new order; `done` hears of it. goldens : every version, the newest of each number first. */
export function orderForm(goldens, done) {
  const name = nameField(t("Name"));
  const numbers = [...new Set(goldens.map((g) => g.number))];
  const it = { order: words(), golden: choice(numbers, (n) => `${n} · ${goldens.find((g) => g.number === n).sku}`), units: numeric(), beside: words({ required: false }), finishes: numeric({ max: 1000, value: 1 }), value: numeric({ required: false, step: "any", min: 0.01 }) };
  const flags = { carded: [tick(), t("packed on cards")], hardware: [tick(), t("with hardware")], cures: [tick(), t("bonded parts cure (magnets always do)")], premium: [tick(), t("premium")], deadline: [tick(), t("needed on a fixed day")] };
  const send = async (by) => {
    const beside = parts(it.beside).map(Number);
    const terms = Object.fromEntries(Object.entries(flags).map(([k, [node]]) => [k, node.checked]));
    done(await surely((key) => api.openOrder({ order: held(it.order), golden: it.golden.value, units: [Number(it.units.value), ...beside], finishes: Number(it.finishes.value),
      ...(it.value.value ? { value_usd: Number(it.value.value) } : {}), ...terms, by }, key)));
  };
  return form(t("Open the order"), [field(t("Order number"), it.order), field(t("Golden sample"), it.golden), field(t("Units"), it.units), field(t("Units of the other SKUs, between commas"), it.beside),
    field(t("Finishes"), it.finishes), field(t("Value, USD"), it.value), el("fieldset", { class: "ticks" }, el("legend", {}, t("What holds of it")), Object.values(flags).map(([node, label]) => el("label", {}, node, " ", label))), name.node], send, { name, kind: "saying stacked" });
}
