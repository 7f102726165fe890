// What the goods of a nonconformity are for, from which some of its answers follow; its draft made again from the lot's
// newest data; and whether the product may be ordered again.

import { USES, USE_WORDS } from "./claim-forms.js";
import { el } from "./dom.js";
import { choice, field, form, numeric, tick, withoutCommand } from "./form-parts.js";
import { alertUser, api, patiently, surely } from "./room.js";
import { t } from "./words.js";

const FACES = { front: t("front face"), back: t("back face") };
const CARTONS = { "": t("not said"), transit: t("for transit only"), retail: t("the retail packaging") };
const MOST_ANSWER_DAYS = 90;

/** What is known of it, and a form that tells more. What was told once is told otherwise, not taken back. */
export function context({ claim, name, done }) {
  const { context: known, facts } = claim;
  const kept = (values, value) => values.filter((one) => one || !value);
  const it = { use: choice(kept(USES, known.use), (u) => USE_WORDS[u]), face: choice(Object.keys(FACES), (f) => FACES[f]), carton: choice(kept(Object.keys(CARTONS), known.carton), (c) => CARTONS[c]) };
  const flags = { licensed: tick(), brand_colour: tick() };
  const event = el("input", { type: "date", required: Boolean(known.event_on), value: known.event_on ?? "" });
  const days = numeric({ max: MOST_ANSWER_DAYS, value: known.answer_days });
  for (const [key, node] of Object.entries(it)) node.value = known[key] ?? "";
  for (const [key, node] of Object.entries(flags)) node.checked = known[key];
  const told = [USE_WORDS[known.use ?? ""], FACES[known.face], known.carton ? CARTONS[known.carton] : "", known.licensed ? t("licensed artwork") : "", known.brand_colour ? t("a brand colour") : "", known.event_on ? t("needed on {day}", { day: known.event_on }) : ""];
  const again = form(t("Draft it again"), [field(t("What the goods are for"), it.use), field(t("Face that the photos show"), it.face), field(t("Outer carton"), it.carton), field(t("Needed on"), event), field(t("Days to answer"), days),
    el("label", { class: "field" }, flags.licensed, " ", t("licensed artwork")), el("label", { class: "field" }, flags.brand_colour, " ", t("a brand colour"))], async (by) => {
    const chosen = Object.fromEntries(Object.entries(it).filter(([, node]) => node.value).map(([key, node]) => [key, node.value]));
    const body = { lot: facts.lot, by, ...chosen, licensed: flags.licensed.checked, brand_colour: flags.brand_colour.checked, ...(event.value ? { event_on: event.value } : {}), answer_days: Number(days.value) };
    await surely((key) => api.draftClaim(body, key));
    await done("claim-context");
  }, { name });
  return [el("p", {}, told.filter(Boolean).join(" · ")),
    el("details", {}, el("summary", {}, t("Tell more, or draft it again from the lot's newest data")), el("p", { class: "u" }, t("Answers and remedies that follow from it are made anew; what people said stays.")), again)];
}

/** A line that says whether the product may be ordered again, and what stands against it, as soon as that is known. */
export function reorder(sku) {
  const line = el("p", {});
  const ask = async () => {
    const { blocked, reasons } = await patiently(() => api.reorder(sku));
    line.replaceChildren(el("b", {}, blocked ? t("{sku} may not be ordered again yet.", { sku }) : t("{sku} may be ordered again.", { sku })), " ", ...reasons.flatMap((reason) => [withoutCommand(reason)[0], " "]));
  };
  ask().catch(alertUser);
  return line;
}
