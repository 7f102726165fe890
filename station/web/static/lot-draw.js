// Drawing the sample of a lot: its size, how it is packed, and the pick list that comes of it, to print or to fill in.

import { el } from "./dom.js";
import { busy, handIn, ProgressLine } from "./jobs.js";
import { api, original, surely } from "./room.js";
import { pin } from "./session.js";
import { count, t } from "./words.js";

/** The pick list in force, as files. */
export const pickLinks = (lot) => el("ul", { class: "files" }, ["pdf", "csv"].map((form) => el("li", {}, el("a", { href: api.picks(lot, form), download: true }, `${t("Pick list")} · ${form.toUpperCase()}`))));

/** lot : drawn of, or null for one that is named here; goldens : that such a lot may be held to. made : called when a
    list of a lot known here is drawn. */
export function drawForm(lot, made, goldens = []) {
  const newest = goldens.filter((g, i) => goldens.findIndex((o) => o.number === g.number) === i);
  const name = el("input", { maxlength: 200, required: true });
  const golden = el("select", {}, newest.map((g) => el("option", { value: g.number }, `${g.number} · ${g.product || g.sku}`)), el("option", { value: "" }, t("none yet")));
  const size = el("input", { type: "number", min: 2, max: 1e9 });
  const cartons = el("input", { type: "number", min: 1, max: 100000 });
  const file = el("input", { type: "file", accept: ".csv,text/csv" });
  const button = el("button", { class: "quiet" }, t("Draw the pick list"));
  const line = new ProgressLine();
  const said = el("div", { role: "status" });
  const needs = () => {
    size.required = !file.files.length; // a table of cartons says it
    cartons.disabled = file.files.length > 0;
  };
  file.addEventListener("change", needs);
  needs();
  const field = (words, node) => el("label", { class: "field" }, words, " ", node);
  const send = (event) => {
    event.preventDefault();
    busy(button, line, async () => {
      const signed = await pin();
      if (signed === null) return;
      const id = lot ? lot.lot : name.value.trim();
      const body = { size: Number(size.value) || null, golden: lot ? null : golden.value || null };
      if (file.files.length) [body.carton_file] = await handIn(file.files);
      else if (cartons.value) body.cartons = Number(cartons.value);
      const list = await surely((key) => api.drawSample(id, body, signed, key));
      line.end();
      said.replaceChildren(el("p", {}, count(list.n, "{n} unit is drawn.", "{n} units are drawn.")), original("p", { class: "u" }, list.rule), pickLinks(id));
      await made();
    });
  };
  return el("form", { class: "draw-form", on: { submit: send } },
    lot ? "" : el("p", { class: "fields" }, field(t("Lot"), name), field(t("Golden sample"), golden)),
    el("p", { class: "fields" }, field(t("Units in the lot"), size), field(t("Cartons, packed evenly"), cartons)),
    el("p", { class: "fields" }, field(t("or a table of the cartons (CSV: carton, units)"), file), " ", el("a", { href: "/help/sampling" }, t("What may be in it"))),
    button, line.node, said);
}
