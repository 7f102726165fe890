// What the remedies of a nonconformity cost and who bears it, what has come of it besides, and the form that prices them.

import { saying } from "./claim-forms.js";
import { badge, el } from "./dom.js";
import { field, numeric, words } from "./form-parts.js";
import { row, table } from "./room.js";
import { t } from "./words.js";

const CURRENCIES = ["USD", "EUR", "CNY", "HKD", "TWD", "GBP", "JPY"];
const MOST = 1e12;
const MOST_DAYS = 3650;
const CONSEQUENCES = { inbound: t("Refused or failed inbound"), returns: t("Returns"), relabelling: t("Relabelling"), fines: t("Fines and chargebacks"), delay: t("Delay") };
/** What is asked for, by the field of the API. One that the station need not know is unknown where it is left empty, any other is 0. */
const PRICES = [
  [t("Goods"), { price: t("Price of a unit, FOB"), packing: t("Custom packing of a unit, on top") }],
  [t("Remedies"), { sort: t("Sorting, a unit"), rework: t("Rework, a unit"), rework_yield: t("Saved by rework, %"), remake: t("A new unit (as the price, if empty)"), dispose: t("Disposal, a unit"), expedite: t("Expedited production"), freight: t("Freight of new units"), discount: t("Discount, %") }],
  [t("Until the goods are there"), { sort_days: t("Sorting, days"), rework_days: t("Rework, days"), remake_days: t("New units, days") }],
  [t("What you lose"), { loss: t("By a nonconforming unit in use"), late_loss: t("If the day is missed") }],
  [t("What has come of it so far"), CONSEQUENCES],
];
const UNKNOWN = new Set(["sort", "rework", "remake", "discount", "loss", "late_loss", "sort_days", "rework_days", "remake_days"]);
const SHARES = new Set(["rework_yield", "discount"]);

const money = (amount) => Number(amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).replace("-", "−");
const amount = (value) => el("td", { class: "amount" }, value === null ? "–" : money(value));
const above = (text) => el("span", { class: "amount" }, text);
/** What stands against a remedy, without the options of a command. */
const plain = (text) => text.replace(/ ?[(（]--[a-z-]+[)）]/g, "");
const percent = (share) => Number((Number(share) * 100).toFixed(6));
const total = (found, of) => found.reduce((sum, one) => sum + Number(of(one)), 0);

const BORNE = [t("Supplier bears"), t("Buyer bears"), t("Together")];

/** The remedies side by side with what is to be known of them, and a form that prices them. told : the same in words, null without a price. */
export function costs(at, told) {
  const found = at.claim.costs;
  return [
    found ? [el("p", {}, told.basis), remedies(found, told), [told.best, told.steady, ...told.usual].filter(Boolean).map((said) => el("p", {}, said)), sums(found, told)]
      : el("p", { class: "none" }, t("No price is given yet. With the price of a unit the remedies are compared: what each costs, who bears it, when the goods are there.")),
    el("details", {}, el("summary", {}, found ? t("Change the prices") : t("Give the prices")), priceForm(at)),
  ];
}

function remedies(found, told) {
  return table(t("Remedies"), [t("Remedy"), t("How it comes about"), ...BORNE.map(above), above(t("At most (95 %)")), t("Goods there on")], found.paths.map((path, i) => {
    const said = told.remedies[i];
    const known = (value) => amount(path.lines.length ? value : null);
    return row([said.name, path.remedy === found.best ? [" ", badge("conforms", t("proportional"))] : ""],
      el("td", {}, said.lines.map((line) => el("p", {}, line)), said.why_not ? el("p", { class: "u" }, t("not open: {why}", { why: plain(said.why_not) })) : ""),
      known(path.supplier), known(path.buyer), known(path.total), known(path.total_high), el("td", { class: "day" }, path.lines.length && path.ready_on ? path.ready_on : "–"));
  }));
}

/** The proportional remedy, what has come of it besides, and the sum of both. */
function sums(found, told) {
  const best = found.paths.findIndex((path) => path.remedy === found.best);
  const rows = best < 0 ? [] : [[told.remedies[best].name, found.paths[best]]];
  for (const { what, amount: borne } of found.consequences) rows.push([CONSEQUENCES[what], { supplier: 0, buyer: borne }]);
  if (!rows.length) return "";
  return borneBy(t("What it costs, {currency}", found.inputs), t("What"), rows, t("Together, {currency}", found.inputs));
}

/** Rows of who bears what, and their sum where one is named. */
function borneBy(caption, first, rows, together = null) {
  const shown = ([name, { supplier, buyer }], more = {}) => el("tr", more, el("th", { scope: "row" }, name), amount(supplier), amount(buyer), amount(Number(supplier) + Number(buyer)));
  const sum = { supplier: total(rows, ([, one]) => one.supplier), buyer: total(rows, ([, one]) => one.buyer) };
  return table(caption, [first, ...BORNE.map(above)], [...rows.map((one) => shown(one)), together ? shown([together, sum], { class: "sum" }) : ""]);
}

/** What all nonconformities cost that are priced, by currency; "" where none is. */
export function costTotals(claims) {
  const priced = claims.filter((claim) => claim.costs);
  if (!priced.length) return "";
  const currencies = [...new Set(priced.map((claim) => claim.costs.inputs.currency))].sort();
  const rows = currencies.map((currency) => {
    const found = priced.map((claim) => claim.costs).filter((one) => one.inputs.currency === currency);
    const borne = (who) => total(found, (one) => one.paths.find((path) => path.remedy === one.best)?.[who] ?? 0);
    return [currency, { supplier: borne("supplier"), buyer: borne("buyer") + total(found, (one) => one.consequences_total) }];
  });
  return el("div", { id: "costs" }, el("h3", {}, t("What they cost")),
    el("p", { class: "u" }, t("The proportional remedy of each and what has come of it besides; priced are {n} of {of}.", { n: priced.length, of: claims.length })),
    borneBy(t("What they cost"), t("Currency"), rows));
}

/** Every price in one form: what was given before stands in it. */
function priceForm(at) {
  const before = at.claim.costs?.inputs ?? { currency: "USD", rework_yield: "1" };
  const currency = words({ maxlength: 3, pattern: "[A-Za-z]{3}", title: t("three letters, such as USD"), list: "currencies", value: before.currency });
  const fields = Object.fromEntries(PRICES.flatMap(([, asked]) => Object.keys(asked)).map((key) => [key, priceField(key, before[key])]));
  const given = () => {
    const body = { currency: currency.value.toUpperCase(), unknown: [] };
    for (const [key, { value }] of Object.entries(fields)) {
      if (!value && UNKNOWN.has(key)) body.unknown.push(key);
      else if (key.endsWith("_days")) body[key] = Number(value);
      else if (SHARES.has(key)) body[key] = Number((Number(value || 100) / 100).toFixed(8));
      else body[key] = value || "0"; // as it was typed, so that no digit is lost
    }
    return body;
  };
  return saying(at, "costs", t("Compare what the remedies cost"), [
    el("datalist", { id: "currencies" }, CURRENCIES.map((code) => el("option", { value: code }))), field(t("Currency of all amounts"), currency),
    PRICES.map(([legend, asked]) => el("fieldset", { class: "ticks" }, el("legend", {}, legend), Object.entries(asked).map(([key, label]) => field(label, fields[key])))),
  ], given, { kind: "saying priced" });
}

function priceField(key, before) {
  const none = before === null || before === undefined || (Number(before) === 0 && !UNKNOWN.has(key));
  const value = none ? "" : SHARES.has(key) ? percent(before) : before;
  if (key.endsWith("_days")) return numeric({ required: false, min: 0, max: MOST_DAYS, value });
  return numeric({ required: key === "price", min: 0, max: SHARES.has(key) ? 100 : MOST, step: "any", value });
}
