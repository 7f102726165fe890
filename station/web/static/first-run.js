// A home without anything: what to do first, and the sample data to look around in.

import { el } from "./dom.js";
import { busy, ProgressLine, watch } from "./jobs.js";
import { api, patiently, surely } from "./room.js";
import { pin } from "./session.js";
import { t } from "./words.js";
import { tour } from "./tour.js";

export async function begin(node) {
  const offer = await patiently(api.sampleOffer);
  if (!offer.offered) return;
  const line = new ProgressLine();
  const button = el("button", { type: "button", class: "quiet", on: { click: () => busy(button, line, async () => {
    const signed = await pin();
    if (signed === null) return;
    if (await watch(await surely((key) => api.layOutSamples(signed, key)), line)) tour(0);
    else location.reload();
  }) } }, t("Look around with the sample data"));
  node.replaceChildren(el("h2", {}, t("Welcome. Nothing is here yet.")),
    el("p", {}, t("With your own samples: calibrate the bench under Light, seal a golden sample under Golden, then lay units under the camera under Bench.")),
    el("ul", { class: "ways" }, [["/light?new", t("Register and calibrate a bench")], ["/golden?new", t("Seal a golden sample")], ["/help/first-steps", t("First steps")]].map(([href, words]) => el("li", {}, el("a", { href }, words)))),
    el("p", {}, t("Or have the sample data laid out in this home: a calibrated bench, a golden sample of enamel pins, thirty-two inspected units, a decided lot. It takes some minutes; a tour follows. The records stay, so use a home that you do not need for work.")),
    el("p", {}, button), line.node);
}
