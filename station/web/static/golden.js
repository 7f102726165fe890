// The page of golden samples: which there are, and of one its master, its limits beside what can be proven, who signed and
// who holds it, how complete its record is. A new one is sealed here too (golden-new.js).

import { Refusal } from "./api.js";
import { badge, byId, dayAndTime, el } from "./dom.js";
import { drawLimits } from "./golden-limits.js";
import { drawMaster } from "./golden-master.js";
import { sealing } from "./golden-new.js";
import { busy, ProgressLine, refusalOf, watch } from "./jobs.js";
import { LANGUAGES, say } from "./messages.js";
import { alertUser, api, begin, command, day, light, notHere, original, patiently, row, side, singly, stepping, surely, table } from "./room.js";
import { nameField, pin } from "./session.js";
import { COLON, COMMA, named, t } from "./words.js";

const LIGHT = { approved: "released", "conditionally approved": "ready", "signed by one party": "ready", sealed: "locked", superseded: "lapsed" };
const state = { goldens: [], statuses: new Map(), golden: null };

const standing = (status) => light(LIGHT[status.state], named(status.state));
const asked = () => new URLSearchParams(location.search);
const newest = () => state.goldens.filter((g, i, all) => all.findIndex((o) => o.number === g.number) === i);

async function refresh() {
  const [goldens, statuses] = await patiently(() => Promise.all([api.goldens(), api.statuses()]));
  state.goldens = goldens;
  state.statuses = new Map(statuses.map((s) => [s.number, s]));
  const query = asked();
  const number = query.get("new") || query.get("golden");
  const of = goldens.filter((g) => g.number === number);
  const version = query.get("version");
  const linked = of.find((g) => String(g.version) === version);
  if (number && !of.length) notHere(t("There is no golden sample {name} here: the link is old or of another station. Choose one at the left.", { name: number }));
  else if (version && !linked) notHere(t("Golden sample {name} has no version {version} here: its newest is shown.", { name: number, version }), `?golden=${encodeURIComponent(number)}`);
  if (query.has("new") && (of.length || !number)) return begun(number);
  const golden = linked ?? of[0] ?? goldens[0] ?? null;
  if (golden) return show(golden);
  drawSide();
  byId("empty").replaceChildren(t("No golden sample is sealed yet. Seal one here, or run:"), " ", command("station golden seal --sheet SHEET.toml --photo GOLDEN.jpg"));
  byId("empty").hidden = false;
  byId("paper").hidden = byId("new").hidden = true;
}

function drawSide() {
  side(newest(), {
    name: (g) => g.number, parameter: "golden", chosen: state.golden?.number, choose: show,
    entry: (g) => [el("span", { class: "unit" }, el("b", {}, g.number)), standing(state.statuses.get(g.number)),
      el("span", { class: "reason" }, `${g.product || g.sku} · ${t("version {version}", g)}`)],
  });
}

function begun(number) {
  state.golden = null;
  drawSide();
  byId("empty").hidden = byId("paper").hidden = true;
  byId("new").hidden = false;
  document.title = t("Seal a golden sample");
  return sealing(byId("new"), state.goldens.find((g) => g.number === number) ?? null);
}

async function show(golden) {
  state.golden = golden;
  drawSide();
  byId("empty").hidden = byId("new").hidden = true;
  byId("paper").hidden = false;
  document.title = `${golden.number} · ${say("title.golden")}`;
  const status = state.statuses.get(golden.number);
  byId("head").replaceChildren(
    el("h2", {}, `${t("Golden sample")} ${golden.number}`), standing(status),
    golden.version === status.version ? "" : badge("undecided", t("version {version}, superseded by {newest}", { version: golden.version, newest: status.version })),
    el("p", {}, [golden.product, golden.sku, t("version {version}", golden), t("sealed {when}", { when: dayAndTime(golden.sealed_at) }), golden.rig ? t("bench {rig}", golden) : t("no bench")].filter(Boolean).join(" · ")),
    el("p", {}, t("Seal: "), el("code", { class: "seal" }, golden.digest.match(/.{8}/g).join(" "))),
    status.reason ? el("p", {}, badge("nonconforms", t("not everybody holds the version in force")), " ", original("span", {}, status.reason)) : "");
  const parts = ["picture", "limits", "signatures", "record", "items", "versions", "documents"];
  for (const part of parts) byId(`${part}-body`).replaceChildren(el("p", { class: "none" }, say("loading")));
  signatures(golden, status);
  versions(golden);
  documents(golden);
  const record = patiently(() => api.record(golden.number));
  record.catch(() => {}); // its parts say it
  await Promise.all([
    fill(golden, "picture", () => api.master(golden.number, golden.version), (body, master) => { drawMaster(body, master, api.picture(golden.frame_sha256)); warnings(body, golden); }),
    fill(golden, "limits", () => api.limits(golden.number, golden.version), (body, found) => drawLimits(body, found, study(golden))),
    fill(golden, "record", async () => [await patiently(() => api.checklist(golden.number)), await record], drawRecord),
    fill(golden, "items", () => record, (body, found) => items(body, golden, found)),
  ]);
}

/** Fill one part of the page; what is refused is said there, and what was asked for another golden sample is dropped. */
async function fill(golden, part, ask, draw) {
  const body = byId(`${part}-body`);
  try {
    const found = await patiently(ask);
    if (state.golden === golden) draw(body, found);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (state.golden === golden) body.replaceChildren(refusalOf(error));
  }
}

function warnings(body, golden) {
  if (!golden.warnings.length) return;
  body.append(el("details", {}, el("summary", {}, t("What sealing warned of ({n})", { n: golden.warnings.length })), original("ul", { class: "bullets" }, golden.warnings.map((w) => el("li", {}, w)))));
}

/** A button that makes a capability study, with its progress. */
function study(golden) {
  const line = new ProgressLine();
  const button = el("button", { type: "button", class: "quiet", on: { click: () => busy(button, line, async () => {
    if (await watch(await surely((key) => api.study(golden.number, {}, key)), line)) await show(golden);
  }) } }, t("Make the study here"));
  return el("span", {}, button, line.node);
}

// --- who signed, who holds -------------------------------------------------------------------------------------------

function signatures(golden, status) {
  const said = (held) => el("li", {}, `${named(held.party)}${COLON}${held.name}${COMMA}${t("version {version}", held)}${held.signed ? `${COMMA}${t("signed")}` : ""} `,
    held.current ? "" : badge("nonconforms", t("not the one in force")));
  const signed = (a) => ["buyer", "supplier"].map((party) => el("li", {}, a.signed_by[party] ? badge("conforms", `${named(party)} · ${named(a.signed_by[party])}`) : badge("undecided", `${named(party)} · ${t("not signed")}`)));
  const rows = status.artefacts.filter((a) => a.version !== null).map((a) => row(el("span", {}, named(a.artefact), a.name && a.artefact !== "product" ? el("span", { class: "u" }, ` ${a.name}`) : ""),
    String(a.version), el("ul", { class: "lines" }, signed(a)), el("ul", { class: "lines" }, a.held.length ? a.held.map(said) : el("li", { class: "none" }, t("nobody yet")))));
  const lacking = status.artefacts.filter((a) => a.version === null).map((a) => named(a.artefact));
  byId("signatures-body").replaceChildren(
    table(t("Signatures, and who holds what"), [t("Artefact"), t("Version in force"), t("Signed"), t("Held by")], rows),
    lacking.length ? el("p", { class: "u" }, t("Not part of this golden sample so far: {names}.", { names: lacking.join(COMMA) })) : "",
    status.sign_offs.length ? el("details", {}, el("summary", {}, t("Signatures in full ({n})", { n: status.sign_offs.length })), el("ul", { class: "lines" }, status.sign_offs.map(({ statement, method, fingerprint }) => el("li", {},
      `${named(statement.party)} ${statement.name}${statement.role ? `${COMMA}${statement.role}` : ""} · ${named(statement.artefact)} ${t("version {version}", statement)} · ${dayAndTime(statement.at)} · ${named(method)}${fingerprint ? ` · ${t("key")} ${fingerprint}` : ""}`)))) : "",
    original("ul", { class: "bullets" }, status.remarks.map((r) => el("li", {}, r))),
    signing(golden, status));
}

function signing(golden, status) {
  const open = status.artefacts.filter((a) => a.version !== null);
  const done = open.every((a) => a.signed_by.buyer && a.signed_by.supplier);
  if (done || status.state === "superseded") return "";
  const name = nameField(t("Name"));
  const role = el("input", { maxlength: 120 });
  const party = el("select", {}, ["buyer", "supplier"].map((p) => el("option", { value: p }, named(p))));
  const artefact = el("select", {}, open.map((a) => el("option", { value: a.artefact }, named(a.artefact))));
  const button = el("button", { class: "quiet" }, t("Sign version {version}", status));
  const sign = singly(async () => {
    const signed = await pin();
    if (signed === null) return;
    await surely((key) => api.sign(golden.number, { party: party.value, name: name.field.value.trim(), role: role.value.trim(), artefact: artefact.value }, signed, key));
    await refresh();
    byId("signatures").scrollIntoView({ block: "nearest" });
  });
  return el("form", { class: "deciding", on: { submit: (event) => { event.preventDefault(); sign(); } } }, el("label", { class: "field" }, t("For the"), " ", party), el("label", { class: "field" }, t("Artefact"), " ", artefact),
    name.node, el("label", { class: "field" }, t("Function"), " ", role), button, el("p", { class: "u" }, t("Signed with this station's key; the other party signs on its own station or on paper.")));
}

// --- the record ------------------------------------------------------------------------------------------------------

function drawRecord(body, [list, record]) {
  const open = list.items.filter((i) => !i.ok);
  body.replaceChildren(
    el("p", {}, badge(open.length ? "undecided" : "conforms", t("{score} of {of} items", list)), " ", record.complete ? t("Every required field is filled.") : [t("Required fields that are empty:"), " ", original("span", {}, record.missing.join(", "))]),
    el("div", { class: "gauge", role: "img", "aria-label": t("{score} of {of} items", list) }, list.items.map((i) => el("span", { class: i.ok ? "ok" : "open" }))),
    open.length ? table(t("What is missing"), [t("No."), t("Item"), t("How it is supplied")], open.map((i) => row(String(i.number), original("td", {}, i.item), supplied(i.do)))) : "",
    el("details", {}, el("summary", {}, t("What is there ({n})", { n: list.items.length - open.length })),
      table(t("What is there"), [t("No."), t("Item"), t("Found")], list.items.filter((i) => i.ok).map((i) => row(String(i.number), original("td", {}, i.item), original("td", {}, i.found))))),
    record.copies.length ? el("h3", {}, t("Physical copies")) : "",
    record.copies.length ? table(t("Physical copies"), [t("Copy"), t("Held by"), t("Place"), t("Version"), t("Standing")], record.copies.filter((c) => !c.removed).map((c) => row(c.name, c.holder, c.place, String(c.version),
      badge(c.good && c.current ? (c.overdue ? "undecided" : "conforms") : "nonconforms", c.overdue ? t("to be looked at since {day}", { day: day(c.due) }) : named(c.condition))))) : "",
    record.holds.some((h) => h.in_force) ? el("p", {}, badge("undecided", t("held")), " ", record.holds.filter((h) => h.in_force).map((h) => `${h.reason}${h.until ? ` → ${day(h.until)}` : ""}`).join(COMMA)) : "");
}

/** How something is supplied: a command to copy, with what is said behind it, or words. */
function supplied(text) {
  if (!text.startsWith("station ")) return el("td", {}, original("span", {}, text));
  const [line, ...more] = text.split(/ +# /);
  return el("td", {}, command(line), more.length ? original("p", { class: "u" }, more.join(" ")) : "");
}

function items(body, golden, record) {
  const name = nameField(t("Name"));
  const text = el("input", { required: true, maxlength: 120 });
  const send = singly(async (call) => {
    if (!name.field.reportValidity()) return;
    await surely(call);
    await refresh();
  });
  const settle = (item) => {
    const how = el("input", { required: true, maxlength: 120, "aria-label": t("What was agreed on: {item}", { item: item.text }), placeholder: t("what was agreed") });
    return el("form", { class: "inline", on: { submit: (event) => { event.preventDefault(); send((key) => api.settleItem(golden.number, item.text, how.value.trim(), name.field.value.trim(), key)); } } },
      how, el("button", { class: "quiet" }, t("Settle")));
  };
  const mine = (i) => ["sheet", "record"].includes(i.source);
  body.replaceChildren(
    record.open_items.length ? table(t("Open items"), [t("No."), t("Item"), t("From"), t("Next")], record.open_items.map((i) => row(String(i.number), original("td", {}, i.text), named(i.source), el("td", {}, mine(i) ? settle(i) : supplied(i.do)))))
      : el("p", {}, badge("conforms", t("Nothing is still to be confirmed."))),
    record.settled_items.length ? el("details", {}, el("summary", {}, t("Settled ({n})", { n: record.settled_items.length })), el("ul", { class: "lines" }, record.settled_items.map((i) => original("li", {}, `${i.text}: ${i.how} (${i.by}, ${day(i.at)})`)))) : "",
    el("form", { class: "deciding", on: { submit: (event) => { event.preventDefault(); send((key) => api.openItem(golden.number, text.value.trim(), name.field.value.trim(), key)); } } },
      name.node, el("label", { class: "field" }, t("Still to be confirmed"), " ", text), el("button", { class: "quiet" }, t("Add"))));
}

// --- versions, documents ---------------------------------------------------------------------------------------------

function versions(golden) {
  const all = state.goldens.filter((g) => g.number === golden.number);
  byId("versions-body").replaceChildren(
    table(t("Versions"), [t("Version"), t("Sealed"), t("Seal"), t("Control sheet"), t("Bench")], all.map((g) => row(
      el("a", { href: `?golden=${encodeURIComponent(g.number)}&version=${g.version}`, "aria-current": g === golden ? "true" : null }, String(g.version)),
      el("span", { class: "day" }, dayAndTime(g.sealed_at)), el("code", {}, g.digest.slice(0, 16)), el("code", {}, g.sheet_digest.slice(0, 16)), g.rig ?? "–"))),
    el("p", {}, el("a", { href: `?new=${encodeURIComponent(golden.number)}` }, t("Seal a new version"))));
}

function documents(golden) {
  const link = (kind, name) => Object.entries(LANGUAGES).map(([code, language]) => el("li", {}, el("a", { href: api.paper(golden.number, kind, code, "pdf"), download: true, hreflang: code }, `${name} · `, el("span", { lang: code }, language), " · PDF")));
  byId("documents-body").replaceChildren(el("ul", { class: "files" }, link("control-sheet", t("Control sheet")), link("certificate", t("Certificate")),
    el("li", {}, el("a", { href: `/api/v1/goldens/${encodeURIComponent(golden.number)}/sheet?version=${golden.version}`, download: `${golden.number}.toml` }, t("Control sheet"), " · TOML"))));
}

stepping((by) => {
  const all = newest();
  const index = all.findIndex((g) => g.number === state.golden?.number);
  const golden = all[Math.min(all.length - 1, Math.max(0, index + by))];
  if (!golden || golden.number === state.golden?.number) return;
  history.replaceState(null, "", `?golden=${encodeURIComponent(golden.number)}`);
  show(golden);
  byId("side").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
});
addEventListener("popstate", () => refresh().catch(alertUser));
begin(refresh);
