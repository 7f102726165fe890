// A nonconformity in full: what is still lacking, its points with their nine answers, what is asked of the supplier, what
// becomes of the lot, its corrective actions, its documents.

import { actions } from "./action-forms.js";
import { context, reorder } from "./claim-context.js";
import { costs } from "./claim-costs.js";
import { answerForm, askForm, classForm, closeForm, dispositionForm, packageForm, seenForm, seenTableForm, sendForm } from "./claim-forms.js";
import { history } from "./claim-history.js";
import { ownPhoto, photoForm } from "./claim-photos.js";
import { badge, el } from "./dom.js";
import { factoryRecords } from "./factory-records.js";
import { withoutCommand } from "./form-parts.js";
import { LANGUAGES, say } from "./messages.js";
import { api, patiently } from "./room.js";
import { nameField } from "./session.js";
import { sourcingRisk } from "./sourcing-risk.js";
import { varianceCauses } from "./variance-causes.js";
import { named, t } from "./words.js";

/** The verdict whose shape a nonconformity has, by its status. */
export const CLAIM = { draft: "undecided", sent: "nonconforms", closed: "conforms" };

export const claimAddress = (number) => `/orders?nc=${encodeURIComponent(number)}`;

const part = (id, title, ...children) => el("section", { class: "part", id, "aria-labelledby": `${id}-title` }, el("h3", { id: `${id}-title`, tabindex: "-1" }, title), children);

/** Draw it; `done` is called when something was recorded. */
export async function drawClaim(body, claim, done) {
  const here = document.documentElement.lang;
  const [told, kinds] = await patiently(() => Promise.all([api.claimWords(claim.number, here), api.kinds(here)]));
  const name = nameField(t("Name"));
  const at = { claim, name, done };
  const { facts } = claim;
  body.replaceChildren(
    el("header", { class: "paper-head" }, el("h2", { tabindex: "-1" }, `${t("Nonconformity")} ${claim.number}`), badge(CLAIM[claim.status], say(`nc.${claim.status}`)),
      el("p", {}, t("Lot"), " ", el("a", { href: `/lots?lot=${encodeURIComponent(facts.lot)}` }, facts.lot), ` · ${[facts.product || facts.sku, t("{size} units, {inspected} inspected, {n} nonconforming", { size: facts.size, inspected: facts.inspected, n: facts.nonconforming }), t("answer by {day}", { day: claim.answer_by })].join(" · ")}`)),
    el("div", { class: "deciding" }, name.node, el("p", { class: "u" }, t("Whatever you record below is recorded under this name."))),
    lacking(at),
    part("claim-documents", t("Documents"), documents(claim)),
    part("claim-context", t("What the goods are for"), context(at)),
    ...told.points.map((p, i) => point(at, claim.points[i], p, here)),
    part("claim-seen", t("Something that the photos do not show"), el("details", { open: !claim.points.length }, el("summary", {}, t("Add a point")), seenForm(at, kinds)), el("details", {}, el("summary", {}, t("Add many points as a table")), seenTableForm(at))),
    part("claim-asks", t("Requested actions"), el("ol", { class: "numbered", lang: here }, told.asks.map((a) => el("li", {}, a))), el("details", {}, el("summary", {}, t("Ask something else")), askForm(at, told.asks))),
    part("claim-costs", t("Costs"), costs(at, told.costs)),
    part("claim-causes", t("Causes of variance"), varianceCauses(at)),
    part("claim-records", t("Records of the factory"), factoryRecords(at)),
    part("claim-risk", t("Sourcing risk of the supplier"), sourcingRisk(facts.golden, facts.golden_version)),
    part("claim-dispositions", t("Dispositions"), dispositionForm(at)),
    part("claim-actions", t("Corrective actions of {number}", { number: claim.number }), actions(at, told.points)),
    part("claim-package", t("Corrective package"), el("p", {}, t("One archive for the supplier: the revised control sheet, the report and the actions. The next order waits for it.")), reorder(facts.sku), packageForm(at)),
    part("claim-history", t("History"), history(claim)));
}

/** What stands against sending it, or closing it, and the buttons for both. */
function lacking(at) {
  const { claim } = at;
  const list = (title, found) => (found.length ? [el("p", {}, el("b", {}, title)), el("ul", { class: "bullets" }, found.map((f) => el("li", {}, withoutCommand(f))))] : "");
  if (claim.status === "closed") return el("p", {}, t("Closed on {day}.", { day: claim.closed_on }));
  return part("claim-next", t("What is still lacking"),
    claim.status === "draft" ? [list(t("Before it is sent:"), claim.faults), claim.faults.length ? "" : [el("p", {}, badge("conforms", t("Everything is answered."))), sendForm(at)]] : "",
    list(t("Before it is closed:"), claim.to_close), claim.to_close.length ? "" : closeForm(at));
}

function documents(claim) {
  const links = (what, title, more = {}, internal = false) => Object.entries(LANGUAGES).map(([code, language]) => el("li", {}, el("a", { href: api.claimPaper(claim.number, what, code, internal), hreflang: code, ...more }, `${title} · `, el("span", { lang: code }, language))));
  return el("ul", { class: "files" }, links("report", `${t("Report")} · PDF`, { download: true }), links("message", t("Message to the supplier"), { target: "_blank" }), links("report", `${t("Internal, with costs")} · PDF`, { download: true }, true));
}

function point(at, found, told, language) {
  const { number, item, preference } = found;
  const state = preference ? badge("undecided", t("a wish for the next order")) : item.class ? badge("nonconforms", named(item.class)) : badge("undecided", t("not classed"));
  return part(`point-${number}`, el("span", {}, t("Point {n}:", { n: number }), " ", told.name, " ", state),
    el("p", {}, t("{units} of {of}", item), item.unit_id ? [" · ", el("a", { href: `/#unit=${item.unit_id}` }, t("the worst unit"))] : "", ` · ${t("proposed:")} `, el("span", { lang: language }, [told.remedy, ...told.why].join(" · "))),
    ownPhoto(found), photoForm(at, found, told.name),
    el("dl", { class: "nine" }, told.answers.map((a) => [el("dt", { lang: language }, a.name), el("dd", {},
      a.source === "open" ? [badge("undecided", t("not answered")), answerForm(at, number, a)]
        : [el("span", { lang: a.source === "person" ? null : language }, a.text), a.by ? el("span", { class: "u" }, ` ${a.by}`) : "", el("details", {}, el("summary", { "aria-label": `${t("Say it in your own words")}: ${a.name}` }, t("Say it in your own words")), answerForm(at, number, a))])]).flat()),
    classForm(at, { number, item }));
}
