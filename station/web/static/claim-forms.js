// What people say of a nonconformity: it is drafted, its points answered and classed, requests and dispositions given, and
// it is sent and closed. Nothing is erased; after any change a sent one is a draft again.

import { el } from "./dom.js";
import { choice, field, file, form, held, numeric, tick, words } from "./form-parts.js";
import { ProgressLine, watch } from "./jobs.js";
import { api, original, surely, table, row } from "./room.js";
import { nameField } from "./session.js";
import { named, t } from "./words.js";

const USES = ["", "internal", "giveaway", "tool", "retail", "display", "gift", "matched-set", "premium"];
const CLASSES = ["major", "minor", "critical"];
const DISPOSITIONS = ["accept", "concession", "discount", "sort", "rework", "replace", "return", "scrap"];
const MOST_UNITS = 1e9;

const USE_WORDS = { "": t("not told"), internal: t("internal use"), giveaway: t("giveaway"), tool: t("tool"), retail: t("retail"), display: t("display"), gift: t("gift"), "matched-set": t("matched set"), premium: t("premium") };
const DISPOSITION_WORDS = { accept: t("accept"), concession: t("accept by concession"), discount: t("accept at a discount"), sort: t("sort"), rework: t("rework"), replace: t("replace"), return: t("return"), scrap: t("scrap") };

/** A form that drafts one from a lot that failed and has none yet. wanted : the lot that is asked for, or null. */
export function draftForm(lots, found, wanted, done) {
  const failed = lots.filter((l) => l.decision === "rejected" && !found.some((n) => n.facts.lot === l.lot));
  if (!failed.length) return el("p", { class: "u" }, t("A lot that is rejected and has none yet can be drafted into one here."), " ", el("a", { href: "/lots" }, t("Decide a lot on the page Lots")));
  const name = nameField(t("Name"));
  const lot = choice(failed.map((l) => l.lot));
  if (failed.some((l) => l.lot === wanted)) lot.value = wanted;
  const use = choice(USES, (u) => USE_WORDS[u]);
  const colour = tick();
  return form(t("Draft the complaint"), [field(t("Rejected lot"), lot), field(t("What the goods are for"), use), el("label", { class: "field" }, colour, " ", t("a brand colour")), name.node], async (by) => {
    done(await surely((key) => api.draftClaim({ lot: lot.value, by, ...(use.value ? { use: use.value } : {}), ...(colour.checked ? { brand_colour: true } : {}) }, key)));
  }, { name, kind: "saying deciding" });
}

/** Something said of a nonconformity; `body` makes what is sent. at : the nonconformity, the name's field, and `done`,
    which hears in what part of the page it was said. */
export function saying({ claim, name, done }, what, label, nodes, body, more = {}) {
  const said = form(label, nodes, async (by, signed) => {
    const sent = { ...(await body()), by };
    await surely((key) => api.ofClaim(claim.number, what, sent, signed, key));
    await done(said.closest(".part")?.id);
  }, { name, ...more });
  return said;
}

/** An answer to one of the nine questions of a point, in a person's words. */
export function answerForm(at, point, { question, name: asked }) {
  const text = el("textarea", { required: true, maxlength: 4000, rows: 2, "aria-label": t("Answer to: {question}", { question: asked }) });
  return saying(at, "answers", t("Answer"), [text], () => ({ question, point, text: held(text) }));
}

export function classForm(at, { number, item }) {
  const kind = choice(CLASSES, named);
  const reason = words({ required: false, maxlength: 4000 });
  if (item.class) kind.value = item.class;
  return saying(at, "classes", item.class ? t("Class it anew") : t("Class it"), [field(t("Class of point {n}", { n: number }), kind), field(t("Reason"), reason)], () => ({ point: number, class: kind.value, reason: held(reason) }));
}

/** What the supplier is to do; an empty field lets the proposed requests hold again. */
export function askForm(at, proposed) {
  const text = el("textarea", { rows: 4, maxlength: 8000 });
  text.value = proposed.join("\n");
  return saying(at, "asks", t("Ask this"), [field(t("Requested actions, one a line"), text)], () => ({ texts: text.value.split("\n").map((l) => l.trim()).filter(Boolean) }), { kind: "saying stacked" });
}

/** Every unit of the lot under a disposition; the sum stands beside the lot's size. */
export function dispositionForm(at) {
  const { claim } = at;
  const of = (shares) => Object.fromEntries(shares.map((s) => [s.disposition, s.quantity]));
  const now = of(claim.dispositions.length ? claim.dispositions : []);
  const fields = DISPOSITIONS.map((d) => [d, numeric({ min: 0, max: MOST_UNITS, required: false, value: now[d] ?? "" })]);
  const sum = el("output", {});
  const count = () => {
    const total = fields.reduce((n, [, node]) => n + Number(node.value), 0);
    sum.textContent = t("{total} of {size} units", { total, size: claim.facts.size });
  };
  const proposed = () => {
    const shares = of(claim.proposed);
    for (const [d, node] of fields) node.value = shares[d] ?? "";
    count();
  };
  count();
  return el("div", { on: { input: count } },
    table(t("Proposed"), [t("Disposition"), t("Proposed"), t("Units")], fields.map(([d, node]) => {
      node.setAttribute("aria-label", t("Units: {what}", { what: DISPOSITION_WORDS[d] }));
      node.setAttribute("form", "dispositions");
      return row(DISPOSITION_WORDS[d], String(of(claim.proposed)[d] ?? "–"), node);
    })),
    el("p", {}, el("button", { type: "button", class: "quiet", on: { click: proposed } }, t("As proposed")), " ", sum),
    identified(saying(at, "dispositions", t("Give these dispositions"), [], () => ({ shares: fields.filter(([, node]) => Number(node.value)).map(([disposition, node]) => ({ disposition, quantity: Number(node.value) })) })), "dispositions"));
}

function identified(node, id) {
  node.id = id;
  return node;
}

export const sendForm = (at) => saying(at, "sent", at.claim.revision ? t("Send it as revision {n}", { n: at.claim.revision + 1 }) : t("Record that it is sent"), [], () => ({}), { signs: true });

export function closeForm(at) {
  const text = words({ required: false, maxlength: 4000 });
  return saying(at, "closed", t("Close it"), [field(t("Remark"), text)], () => ({ text: held(text) }), { signs: true });
}

/** What a person saw and counted that the photos do not show. */
export function seenForm(at, kinds) {
  const kind = choice(kinds.map((k) => k.kind), (k) => kinds.find((o) => o.kind === k).name);
  const note = words({ maxlength: 4000 });
  const units = numeric();
  const of = numeric({ value: at.claim.facts.inspected || "" });
  const clause = words({ required: false, maxlength: 400 });
  const kindOf = choice(["", ...CLASSES], (c) => (c ? named(c) : t("not told")));
  return saying(at, "seen", t("Add the point"), [field(t("Kind"), kind), field(t("What was seen"), note), field(t("Units that show it"), units), field(t("of"), of), field(t("Which standard says so"), clause), field(t("Class"), kindOf)],
    () => ({ kind: kind.value, note: held(note), units: Number(units.value), of: Number(of.value), clause: held(clause), ...(kindOf.value ? { class: kindOf.value } : {}) }));
}

/** The corrective package: made from the revised control sheet, then offered to keep. */
export function packageForm(at) {
  const sheet = file({ required: true, accept: ".toml" });
  const line = new ProgressLine();
  const there = el("p", { role: "status" });
  const made = form(t("Make the corrective package"), [field(t("Revised control sheet (TOML)"), sheet)], async (by) => {
    const text = await sheet.files[0].text();
    try {
      const job = await watch(await surely((key) => api.ofClaim(at.claim.number, "package", { sheet: text, by }, "", key)), line);
      if (job) there.replaceChildren(el("a", { href: api.jobFile(job.id), download: `${at.claim.number}.zip` }, t("Save the corrective package")));
    } finally {
      line.end();
    }
  }, { name: at.name });
  const { package: kept } = at.claim;
  return el("div", {}, kept ? el("p", {}, t("The newest package was made on {day} by {who}.", { day: kept.at.slice(0, 10), who: kept.by }), " ", original("code", {}, kept.sha256.slice(0, 16))) : "", made, line.node, there);
}
