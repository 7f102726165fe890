// Where a number comes from: its place, how sure it is, the card and the bench behind it, and the sheet's own words.

import { limitsOf, shownOf, valueOf } from "./bars.js";
import { byId, dayAndTime, el, shape } from "./dom.js";
import { kindOf, nameOf } from "./places.js";
import { known, said } from "./said.js";
import { COLON, COMMA, named, t } from "./words.js";

const recorded = (text) => el("span", { lang: known(text) === null ? "en" : null }, said(text));
const figure = (value) => String(Number(value.toPrecision(3)));

/** Standard uncertainties that the number's own is made of, largest first; null where the record names none. */
function parts(m) {
  const found = m.detail?.u_parts ?? m.detail?.budget;
  return found ? Object.entries(found).filter(([, u]) => typeof u === "number").sort((a, b) => b[1] - a[1]) : null;
}

function budget(m) {
  const found = parts(m);
  if (m.value === null) return [el("p", {}, t("It was not measured."))];
  if (!found) return [el("p", {}, m.u > 0 ? t("U = {u} (k = 2). The record does not say what it is made of.", { u: shownOf(m)[1] }) : t("No uncertainty is on record."))];
  const most = Math.max(...found.map(([, u]) => u), 1e-12);
  return [
    el("table", { class: "budget" },
      el("caption", {}, t("Standard uncertainties (k = 1), in the unit of the value, largest first")),
      el("tbody", {}, found.map(([name, u]) => {
        const length = el("i", { class: "share" });
        length.style.width = `${(100 * u) / most}%`;
        return el("tr", {}, el("th", { scope: "row" }, named(name)), el("td", {}, figure(u)), el("td", { "aria-hidden": "true" }, length));
      }))),
    el("p", {}, t("Together, with what the method adds: U = {u} (k = 2).", { u: shownOf(m)[1] })),
  ];
}

function card({ correction, alignment, residual }) {
  return [
    correction
      ? [el("p", {}, el("b", { lang: "en" }, correction.method), COLON, t("residual {mean} in the mean, {max} at most; each patch left out: {loo} (CIEDE2000).", { mean: figure(correction.mean), max: figure(correction.max), loo: figure(correction.loo_mean) })), el("p", {}, recorded(correction.why))]
      : el("p", {}, t("No colour correction is on record: the photo's card was not read, or the record is an old one.")),
    alignment ? el("p", {}, t("Laid over the golden: residual {rms} px, {overlap} % of the part.", { rms: figure(alignment.rms_px), overlap: Math.round(100 * alignment.overlap) })) : "",
    residual ? el("p", {}, t("From place to place {rms} mm.", { rms: figure(residual.rms_mm) })) : "",
  ];
}

function bench(sources, document) {
  const kinds = { lens: t("Lens"), light: t("Light") };
  return [
    el("p", {}, recorded(sources.told)),
    sources.dates.map((d) => el("p", {}, el("b", {}, kinds[d.kind]), " ", t("calibrated {made}, holds until {until}: ", { made: dayAndTime(d.made_at), until: dayAndTime(d.expires_at) }), recorded(d.figure))),
    document.gauge ? el("p", {}, t("Repeatability from the gauge study of {when}, record {study}.", { when: document.gauge.made_at.slice(0, 10), study: document.gauge.study.slice(0, 12) })) : "",
    el("p", { class: "u" }, t("Calibration on record: {digest}", { digest: document.calibration.slice(0, 12) })),
  ];
}

function sheet(m, sources, unit, document) {
  const row = sources.rows.find((r) => r.characteristic === m.characteristic);
  return [
    row ? el("pre", { lang: "en", tabindex: "0" }, row.text) : el("p", {}, t("The control sheet has no row of this name.")),
    el("p", {}, t("Golden {golden} version {golden_version}, sealed {when}, control sheet {sheet}", { ...unit, when: dayAndTime(sources.golden_sealed_at), sheet: document.sheet_digest.slice(0, 12) })),
    document.decision_rule ? el("p", {}, recorded(document.decision_rule)) : "",
  ];
}

const section = (title, ...content) => el("section", {}, el("h3", {}, title), ...content.flat());

/** Open the panel. show : points at the place on the picture, null where the number has none. */
export function openWhy(m, { unit, document, sources, show }) {
  const panel = byId("why");
  const use = document.model_use;
  const place = m.where_mm ? t("x {x} mm, y {y} mm on the golden", { x: m.where_mm[0].toFixed(1), y: m.where_mm[1].toFixed(1) }) : t("the part as a whole");
  const about = [place, m.detail?.pixels && t("{n} pixels", { n: m.detail.pixels })].filter(Boolean).join(" · ");
  byId("why-title").textContent = `${nameOf(m)}${COMMA}${kindOf(m)}`;
  byId("why-body").replaceChildren(
    el("p", { class: "number-line" }, shape(m.verdict), el("b", {}, valueOf(m), m.value !== null && m.u > 0 ? ` ± ${shownOf(m)[1]}` : ""), ` · ${limitsOf(m)} · ${named(m.verdict)}`),
    m.reason ? el("p", {}, recorded(m.reason)) : "",
    el("div", { class: "why-grid" },
      section(t("Region"), el("p", {}, about), el("p", {}, recorded(m.method)),
        show ? el("button", { type: "button", class: "quiet", on: { click: () => { panel.close(); show(); } } }, t("Show the place")) : ""),
      section(t("Uncertainty"), budget(m)),
      section(t("Card and fit"), card(document)),
      section(t("Bench and calibration"), sources ? bench(sources, document) : el("p", {}, t("Loading …"))),
      section(t("Control sheet"), sources ? sheet(m, sources, unit, document) : el("p", {}, t("Loading …"))),
      section(t("Program"), el("p", {}, document.program),
        el("p", {}, t("Model {model}", { model: [document.model, use?.version, use?.precision].filter(Boolean).join(" ") })),
        use?.weights ? el("p", { class: "u" }, t("weights {digest}", { digest: use.weights.slice(0, 12) })) : "",
        el("p", { class: "u" }, t("Photo {photo}, record {record}", { photo: document.sha256.slice(0, 12), record: document.digest.slice(0, 12) })))));
  if (!panel.open) panel.showModal();
}
