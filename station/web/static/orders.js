// The page of orders: gates as lights, what closes each and the form that opens it, nonconformities, corrective actions.
// Requirements have their forms in requirement-forms.js, releases in gate-forms.js, a nonconformity in claim-panel.js.

import { ACTION } from "./action-forms.js";
import { costTotals } from "./claim-costs.js";
import { STANDING, badge, byId, dayAndTime, el } from "./dom.js";
import { draftForm } from "./claim-forms.js";
import { CLAIM, claimAddress, drawClaim } from "./claim-panel.js";
import { orderForm, releaseForm, waiveForm } from "./gate-forms.js";
import { say } from "./messages.js";
import { anomaly, bonded, escalate, knownLots, lot, made, resolve, started, supply } from "./requirement-forms.js";
import { alertUser, api, begin, day, light, notHere, original, patiently, row, side, stepping, table, toPart } from "./room.js";
import { nameField } from "./session.js";
import { sourcingRisk } from "./sourcing-risk.js";
import { COLON, count, t } from "./words.js";

const state = { orders: [], lots: [], order: null, gate: null };
const MET = { met: "conforms", open: "nonconforms", waived: "undecided" };

const name = (o) => `${o.record.order} ${o.record.sku}`;
const blocking = (o) => o.gates.find((g) => !g.passed);
const gateName = (gate) => say(`gate.${gate}`);

const asked = () => new URLSearchParams(location.search);

async function refresh() {
  const [orders, nonconformities, actions, lots] = await patiently(() => Promise.all([api.orders(), api.nonconformities(), api.actions(), api.lots()]));
  Object.assign(state, { orders, lots });
  knownLots(lots);
  drawNonconformities(nonconformities);
  drawActions(actions);
  const query = asked();
  if (query.has("new")) return opening();
  const [number, draft] = [query.get("nc"), query.get("draft")];
  if (number && !nonconformities.some((n) => n.number === number)) notHere(t("There is no nonconformity {name} here: the link is old or of another station. Choose one of the list below.", { name: number }));
  if (draft && !lots.some((l) => l.lot === draft)) notHere(t("There is no lot {name} here: the link is old or of another station. Choose one at the left.", { name: draft }));
  const claim = nonconformities.find((n) => n.number === query.get("nc") || n.facts.lot === query.get("draft"));
  if (claim) return claimed(claim);
  const wanted = query.get("order");
  const linked = orders.find((o) => name(o) === wanted || o.record.order === wanted);
  if (wanted && !linked) notHere(t("There is no order {name} here: the link is old or of another station. Choose one at the left.", { name: wanted }));
  const order = linked ?? orders[0] ?? null;
  if (order) show(order);
  else {
    only("empty");
    byId("empty").replaceChildren(t("No order is open."), " ", el("a", { href: "?new" }, t("Open an order")));
  }
  if (query.has("draft")) byId("nonconformities").querySelector("select")?.focus();
}

/** Which of the page's papers stands before the lists. */
function only(id) {
  for (const paper of ["empty", "order", "claim", "new"]) byId(paper).hidden = paper !== id;
}

function drawSide() {
  side(state.orders, {
    name, parameter: "order", chosen: state.order && name(state.order), choose: show,
    entry: (o) => [el("span", { class: "unit" }, el("b", {}, o.record.order)), word(o), el("span", { class: "reason" }, `${o.record.sku} · ${o.record.units.toLocaleString("en")}`)],
  });
}

async function opening() {
  state.order = null;
  drawSide();
  only("new");
  document.title = t("Open an order");
  const goldens = await patiently(api.goldens);
  byId("new").replaceChildren(el("header", { class: "paper-head" }, el("h2", {}, t("Open an order")), el("p", {}, t("One SKU of a purchase order, held to a golden sample. Its gates follow from what is ordered. Opened again, an order moves to the newest version of its golden sample."))),
    goldens.length ? orderForm(goldens, (made) => location.assign(`?order=${encodeURIComponent(name(made))}`))
      : el("p", {}, t("An order is held to a golden sample, and none is sealed yet."), " ", el("a", { href: "/golden?new" }, t("Seal a golden sample"))));
}

async function claimed(claim) {
  state.order = null;
  drawSide();
  only("claim");
  document.title = `${claim.number} · ${say("title.orders")}`;
  await drawClaim(byId("claim"), claim, async (where) => {
    await refresh();
    (byId(`${where}-title`) ?? byId("claim").querySelector("h2")).focus();
    byId("said").textContent = t("Recorded.");
  });
}

function show(order) {
  if (state.order?.digest !== order.digest) state.gate = blocking(order)?.gate ?? order.gates.at(-1).gate;
  state.order = order;
  only("order");
  document.title = `${order.record.order} · ${say("title.orders")}`;
  drawSide();
  const { record } = order;
  byId("order").replaceChildren(
    el("header", { class: "paper-head" }, el("h2", {}, `${say("order")} ${record.order}`), word(order),
      el("p", {}, say("orders.about", { sku: record.sku, units: record.units.toLocaleString("en"), golden: record.golden, version: order.golden_version, made: order.made.toLocaleString("en") }))),
    el("section", { class: "part", "aria-labelledby": "gates-title" }, el("h2", { id: "gates-title" }, say("part.gates")),
      el("ol", { class: "gates" }, order.gates.map((g) => el("li", {}, el("button", { type: "button", "aria-pressed": String(g.gate === state.gate), "data-gate": g.gate, on: { click: () => choose(g.gate) } },
        el("b", {}, gateName(g.gate)), light(g.state, say(`state.${g.state}`)))))),
      el("div", { id: "gate" })),
    ...rest(order));
  drawGate();
}

function word(order) {
  const gate = blocking(order);
  return gate ? light(gate.state, `${gateName(gate.gate)}${COLON}${say(`state.${gate.state}`)}`) : light("released", say("orders.shippable"));
}

function choose(gate) {
  state.gate = gate;
  for (const button of document.querySelectorAll("[data-gate]")) button.setAttribute("aria-pressed", String(button.dataset.gate === gate));
  drawGate();
  byId("said").textContent = byId("gate").querySelector("h3").textContent;
}

function drawGate() {
  const gate = state.order.gates.find((g) => g.gate === state.gate);
  const { release } = gate;
  const name = nameField(t("Name"));
  const at = { order: state.order, gate, name, gateName, done: again };
  byId("gate").replaceChildren(
    el("h3", { tabindex: "-1" }, gateName(gate.gate), " ", light(gate.state, say(`state.${gate.state}`)), el("span", { class: "u" }, gate.n ? ` ${say("gate.when", { n: gate.n })} ` : " ", original("span", {}, gate.when))),
    gate.reason ? el("p", {}, el("b", {}, `${say("gate.why")} `), original("span", {}, gate.reason)) : "",
    release ? el("p", {}, say("gate.released-by", { name: release.name, role: release.role || release.party, at: dayAndTime(release.at) })) : "",
    el("div", { class: "deciding" }, name.node, gate.state === "released" ? "" : gate.state === "locked" ? el("p", {}, t("A gate before it is released first.")) : releaseForm(at)),
    gate.gate === "pre-production" && !state.order.started_at && gate.passed ? started(at) : "",
    table(say("gate.asks"), ["requirement", "standing", "opens"].map((c) => say(`column.${c}`)), gate.requirements.map((r) => row(
      original("span", {}, r.words), el("td", {}, badge(MET[r.state], say(`requirement.${r.state}`))),
      el("td", { "data-key": r.key }, r.reason ? original("p", {}, r.reason) : "", r.state === "open" ? howSupplied({ ...at, requirement: r }) : "",
        r.waived_by ? el("p", {}, say("gate.waived", { name: r.waived_by }), " ", original("span", {}, r.waiver)) : "")))));
}

const howSupplied = (at) => [supply(at), at.requirement.waivable && at.gate.state !== "locked" ? waiveForm(at) : ""].flat();

/** Drawn anew after something was recorded; the reader stays at the gate. */
async function again() {
  const gate = state.gate;
  await refresh();
  choose(gate);
  byId("gate").querySelector("h3").focus();
  byId("said").textContent = t("Recorded.");
}

function* rest(order) {
  const name = nameField(t("Name"));
  const at = { order, name, gateName, done: again };
  if (order.lots.length) yield part("lots", table(say("part.lots"), ["lot", "gate", "inspected", "decision"].map((c) => say(`column.${c}`)), order.lots.map((l) => row(
    el("a", { href: `/lots?lot=${encodeURIComponent(l.lot)}` }, l.lot), gateName(l.gate), String(l.inspected),
    badge(STANDING[l.decision ?? "open"], say(`decision.${l.decision ?? "none"}`))))));
  if (order.anomalies.length) yield part("anomalies", table(say("part.anomalies"), ["anomaly", "standing", "who", "due"].map((c) => say(`column.${c}`)), order.anomalies.map((a) => row(
    el("span", {}, original("span", {}, a.text), a.resolved_at ? original("p", { class: "u" }, a.resolution) : [resolve(at, a.number), a.next_who ? escalate(at, a) : ""]),
    due(a.resolved_at ? "resolved" : a.overdue ? "overdue" : "open"), a.overdue ? a.next_who : a.who, dayAndTime(a.due)))));
  yield part("record", el("div", { class: "deciding" }, name.node), el("div", { class: "sayings" }, order.started_at ? made(at) : started(at), order.record.cures ? bonded(at) : "", lot(at), anomaly(at)));
  yield part("supplier", sourcingRisk(order.record.golden, order.golden_version));
  if (order.remarks.length) yield part("remarks", original("ul", { class: "bullets" }, order.remarks.map((r) => el("li", {}, r))));
}

const part = (key, ...children) => el("section", { class: "part", "aria-label": say(`part.${key}`) }, el("h2", {}, say(`part.${key}`)), children);

const due = (key) => badge({ ...ACTION, resolved: "conforms" }[key] ?? "undecided", say(`due.${key}`));

function drawNonconformities(found) {
  const lacking = (n) => (n.status === "draft" ? n.faults : n.to_close);
  byId("nonconformities").replaceChildren(found.length ? table(say("part.nonconformities"), ["number", "lot", "standing", "points", "answer-by", "against"].map((c) => say(`column.${c}`)), found.map((n) => row(
    el("a", { class: "day", href: claimAddress(n.number) }, n.number), el("a", { href: `/lots?lot=${encodeURIComponent(n.facts.lot)}` }, n.facts.lot), badge(CLAIM[n.status], say(`nc.${n.status}`)),
    String(n.points.length), el("span", { class: "day" }, day(n.answer_by)),
    lacking(n).length ? el("a", { href: claimAddress(n.number) }, count(lacking(n).length, "{n} thing to do", "{n} things to do")) : t("nothing")))) : el("p", { class: "none" }, say("nc.none")), costTotals(found),
  draftForm(state.lots, found, asked().get("draft"), (made) => location.assign(claimAddress(made.number))));
}

function drawActions(found) {
  byId("actions").replaceChildren(found.length ? table(say("part.actions"), ["due", "standing", "action", "owner", "number"].map((c) => say(`column.${c}`)), found.map(({ nonconformity, action }) => row(
    el("span", { class: "day" }, day(action.due)), due(action.overdue ? "overdue" : action.state),
    el("td", {}, el("b", {}, say(`kind.${action.kind}`)), " ", original("span", {}, action.words), action.delays ? el("span", { class: "u" }, ` ${say("actions.delays", { n: action.delays })}`) : ""),
    action.owner, el("a", { class: "day", href: `${claimAddress(nonconformity)}#claim-actions` }, `${nonconformity} / ${action.number}`)))) : el("p", { class: "none" }, say("actions.none")));
}

stepping((by) => {
  const index = state.orders.indexOf(state.order);
  const order = state.orders[Math.min(state.orders.length - 1, Math.max(0, index + by))];
  if (!order || order === state.order) return;
  history.replaceState(null, "", `?order=${encodeURIComponent(name(order))}`);
  show(order);
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(() => refresh().then(toPart));
