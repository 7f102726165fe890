// The tour: a few steps from page to page. It lies over nothing that is needed, ends with Escape, and can be taken again
// from the help.

import { el } from "./dom.js";
import { forget, keep, recall } from "./storage.js";
import { t } from "./words.js";

const KEPT = "station.tour"; // the step, while it is taken
const STEPS = [
  ["/golden", t("The golden sample"), t("Everything begins with the sample that both parties sealed: its colours by region, its sizes and marks, measured once. Beside every limit stands what can be proven. Here it is signed, too.")],
  ["/bench", t("The bench"), t("Units lie under the camera: the live view says whether card, light, focus and part are right, Space takes a picture and judges it, and the verdict can be read from two metres. Pictures from any camera may be dropped here as well.")],
  ["/", t("The review"), t("What is flagged waits here, the worst first. A accepts, R rejects, B blinks to the golden sample, Z zooms to the next finding. A decision is recorded at once, and the next unit comes by itself.")],
  ["/lots", t("The lot"), t("Units make a lot, and the sampling plan decides it: the tally against Ac and Re, the map of defects by carton, and what the defects come from.")],
  ["/lots#documents", t("The documents"), t("A decided lot has its report, in English and Chinese, as PDF and as spreadsheet. Certificates and control sheets are under Golden, complaints and gates under Orders.")],
  ["/help", t("And then"), t("The help says all of it in full and can be searched. The keys of each page come with ?. The tour can be taken again from here.")],
];

const stepKept = () => {
  const step = Number(recall(KEPT));
  return Number.isInteger(step) && step >= 0 && step < STEPS.length ? step : 0;
};
const here = (address) => location.pathname === address.split("#")[0];

function end() {
  forget(KEPT);
  document.getElementById("tour")?.remove();
}

/** Go to a step, on the page where it is; null goes on with the one that is kept. */
export function tour(asked) {
  const step = asked ?? stepKept();
  keep(KEPT, String(step));
  const [address, title, words] = STEPS[step];
  if (asked !== null && (!here(address) || address.includes("#"))) {
    const same = here(address);
    location.assign(address); // the panel opens there
    if (!same) return;
  }
  document.getElementById("tour")?.remove();
  const go = (by) => el("button", { type: "button", class: "quiet", on: { click: () => tour(step + by) } }, by > 0 ? t("Next step") : t("Back"));
  const heading = el("h2", { id: "tour-title", tabindex: "-1" }, `${step + 1} / ${STEPS.length} · ${title}`);
  const panel = el("aside", { id: "tour", class: "tour", role: "region", "aria-labelledby": "tour-title" }, heading, el("p", {}, words),
    here(address) ? "" : el("p", {}, el("a", { href: address }, t("To the page of this step"))),
    el("p", { class: "tour-keys" }, step > 0 ? go(-1) : "", step < STEPS.length - 1 ? go(1) : "", el("button", { type: "button", class: "quiet", on: { click: end } }, step < STEPS.length - 1 ? t("End the tour") : t("Done"))));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end();
  });
  document.body.append(panel);
  heading.focus({ preventScroll: true });
}
