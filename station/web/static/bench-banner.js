// The benches in use: what stands against judging on them, what expires soon, and the command that helps.

import { el } from "./dom.js";
import { t } from "./words.js";

const WHAT = { light: t("colour"), scale: t("lengths") };

/** Show every bench in use that is out of bounds or soon will be; nothing where all are well. */
export function drawBenches(node, benches) {
  const items = benches.filter((b) => b.in_use).flatMap((bench) => [
    ...bench.faults.map((f) => item("out", t("Bench {rig} does not judge {what}", { rig: bench.rig, what: WHAT[f.gate] }), f)),
    ...bench.expiring.map((f) => item("soon", t("Bench {rig} soon will not judge {what}", { rig: bench.rig, what: WHAT[f.gate] }), f)),
  ]);
  node.replaceChildren(...items);
  node.hidden = !items.length;
}

function item(state, head, { reason, command }) {
  const start = command.split(" ...")[0];
  return el("li", { class: state }, el("b", {}, head), el("span", { class: "why" }, ...withCode(reason)),
    reason.includes(start) ? null : el("span", { class: "why" }, t("Run: "), el("code", {}, command)));
}

/** A reason sets its commands between backticks. */
function withCode(text) {
  return text.split("`").map((piece, i) => (i % 2 ? el("code", {}, piece) : piece));
}
