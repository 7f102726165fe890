// The page of orders: gates as lights, what closes each and what opens it, nonconformities, corrective actions. Nothing
// is released here: a release is signed on the command line.

import { badge, byId, dayAndTime, el } from "./dom.js";
import { say } from "./messages.js";
import { alertUser, api, begin, command, day, light, original, patiently, row, side, stepping, table } from "./room.js";

const state = { orders: [], order: null, gate: null };
const NC = { draft: "undecided", sent: "nonconforms", closed: "conforms" };
const MET = { met: "conforms", open: "nonconforms", waived: "undecided" };

const name = (o) => `${o.record.order} ${o.record.sku}`;
const blocking = (o) => o.gates.find((g) => !g.passed);
const gateName = (gate) => say(`gate.${gate}`);

async function refresh() {
  const [orders, nonconformities, actions] = await patiently(() => Promise.all([api.orders(), api.nonconformities(), api.actions()]));
  state.orders = orders;
  drawNonconformities(nonconformities);
  drawActions(actions);
  const wanted = new URLSearchParams(location.search).get("order");
  const order = orders.find((o) => name(o) === wanted || o.record.order === wanted) ?? orders[0] ?? null;
  if (order) return show(order);
  byId("empty").replaceChildren(say("orders.none"), " ", command("station gate open ORDER --golden NUMBER --units N --by WHO"));
}

function show(order) {
  if (state.order?.digest !== order.digest) state.gate = blocking(order)?.gate ?? order.gates.at(-1).gate;
  state.order = order;
  byId("empty").hidden = true;
  byId("order").hidden = false;
  document.title = `${order.record.order} · ${say("title.orders")}`;
  side(state.orders, {
    name, parameter: "order", chosen: name(order), choose: show,
    entry: (o) => [el("span", { class: "unit" }, el("b", {}, o.record.order)), word(o), el("span", { class: "reason" }, `${o.record.sku} · ${o.record.units.toLocaleString("en")}`)],
  });
  const { record } = order;
  byId("order").replaceChildren(
    el("header", { class: "paper-head" }, el("h2", {}, `${say("order")} ${record.order}`), word(order),
      el("p", {}, say("orders.about", { sku: record.sku, units: record.units.toLocaleString("en"), golden: record.golden, version: order.golden_version, made: order.made.toLocaleString("en") }))),
    el("section", { class: "part", "aria-labelledby": "gates-title" }, el("h2", { id: "gates-title" }, say("part.gates")),
      el("ol", { class: "gates" }, order.gates.map((g) => el("li", {}, el("button", { type: "button", "aria-pressed": String(g.gate === state.gate), "data-gate": g.gate, on: { click: () => choose(g.gate) } },
        el("b", {}, gateName(g.gate)), light(g.state, say(`state.${g.state}`)))))),
      el("div", { id: "gate", role: "region", "aria-live": "polite" })),
    ...rest(order));
  drawGate();
}

function word(order) {
  const gate = blocking(order);
  return gate ? light(gate.state, `${gateName(gate.gate)}: ${say(`state.${gate.state}`)}`) : light("released", say("orders.shippable"));
}

function choose(gate) {
  state.gate = gate;
  for (const button of document.querySelectorAll("[data-gate]")) button.setAttribute("aria-pressed", String(button.dataset.gate === gate));
  drawGate();
}

function drawGate() {
  const gate = state.order.gates.find((g) => g.gate === state.gate);
  const { release } = gate;
  byId("gate").replaceChildren(
    el("h3", {}, gateName(gate.gate), " ", light(gate.state, say(`state.${gate.state}`)), el("span", { class: "u" }, gate.n ? ` ${say("gate.when", { n: gate.n })} ` : " ", original("span", {}, gate.when))),
    gate.reason ? el("p", {}, el("b", {}, `${say("gate.why")} `), original("span", {}, gate.reason)) : "",
    gate.command ? el("p", {}, el("b", {}, `${say("gate.opens")} `), command(gate.command)) : "",
    release ? el("p", {}, say("gate.released-by", { name: release.name, role: release.role || release.party, at: dayAndTime(release.at) })) : "",
    table(say("gate.asks"), ["requirement", "standing", "opens"].map((c) => say(`column.${c}`)), gate.requirements.map((r) => row(
      original("span", {}, r.words), el("td", {}, badge(MET[r.state], say(`requirement.${r.state}`))),
      el("td", {}, r.reason ? original("p", {}, r.reason) : "", r.state === "open" && r.command ? command(r.command) : "",
        r.waived_by ? el("p", {}, say("gate.waived", { name: r.waived_by }), " ", original("span", {}, r.waiver)) : "")))));
}

function* rest(order) {
  if (order.lots.length) yield part("lots", table(say("part.lots"), ["lot", "gate", "inspected", "decision"].map((c) => say(`column.${c}`)), order.lots.map((l) => row(
    el("a", { href: `/lots?lot=${encodeURIComponent(l.lot)}` }, l.lot), gateName(l.gate), String(l.inspected),
    badge({ accepted: "conforms", rejected: "nonconforms" }[l.decision] ?? "undecided", say(`decision.${l.decision ?? "none"}`))))));
  if (order.anomalies.length) yield part("anomalies", table(say("part.anomalies"), ["anomaly", "standing", "who", "due"].map((c) => say(`column.${c}`)), order.anomalies.map((a) => row(
    original("span", {}, a.text), due(a.resolved_at ? "resolved" : a.overdue ? "overdue" : "open"), a.overdue ? a.next_who : a.who, dayAndTime(a.due)))));
  if (order.remarks.length) yield part("remarks", original("ul", { class: "bullets" }, order.remarks.map((r) => el("li", {}, r))));
}

const part = (key, ...children) => el("section", { class: "part", "aria-label": say(`part.${key}`) }, el("h2", {}, say(`part.${key}`)), children);

const due = (key) => badge({ overdue: "nonconforms", resolved: "conforms", verified: "conforms", done: "conforms" }[key] ?? "undecided", say(`due.${key}`));

function drawNonconformities(found) {
  byId("nonconformities").replaceChildren(found.length ? table(say("part.nonconformities"), ["number", "lot", "standing", "points", "answer-by", "against"].map((c) => say(`column.${c}`)), found.map((n) => row(
    el("span", { class: "day" }, n.number), el("a", { href: `/lots?lot=${encodeURIComponent(n.facts.lot)}` }, n.facts.lot), badge(NC[n.status], say(`nc.${n.status}`)),
    String(n.points.length), el("span", { class: "day" }, day(n.answer_by)), original("td", {}, (n.status === "draft" ? n.faults : n.to_close).join("; "))))) : el("p", { class: "none" }, say("nc.none")));
}

function drawActions(found) {
  byId("actions").replaceChildren(found.length ? table(say("part.actions"), ["due", "standing", "action", "owner", "number"].map((c) => say(`column.${c}`)), found.map(({ nonconformity, action }) => row(
    el("span", { class: "day" }, day(action.due)), due(action.overdue ? "overdue" : action.state),
    el("td", {}, el("b", {}, say(`kind.${action.kind}`)), " ", original("span", {}, action.words), action.delays ? el("span", { class: "u" }, ` ${say("actions.delays", { n: action.delays })}`) : ""),
    action.owner, `${nonconformity} / ${action.number}`))) : el("p", { class: "none" }, say("actions.none")));
}

stepping((by) => {
  const index = state.orders.indexOf(state.order);
  const order = state.orders[Math.min(state.orders.length - 1, Math.max(0, index + by))];
  if (!order || order === state.order) return;
  history.replaceState(null, "", `?order=${encodeURIComponent(name(order))}`);
  show(order);
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(refresh);
