// The benches in use: what stands against judging on them, what expires soon, and the command that helps.

import { el } from "./dom.js";

const WHAT = { light: "colour", scale: "lengths" };

/** Show every bench in use that is out of bounds or soon will be; nothing where all are well. */
export function drawBenches(node, benches) {
  const items = benches.filter((b) => b.in_use).flatMap((bench) => [
    ...bench.faults.map((f) => item("out", `Bench ${bench.rig} does not judge ${WHAT[f.gate]}`, f)),
    ...bench.expiring.map((f) => item("soon", `Bench ${bench.rig} soon will not judge ${WHAT[f.gate]}`, f)),
  ]);
  node.replaceChildren(...items);
  node.hidden = !items.length;
}

function item(state, head, { reason, command }) {
  const start = command.split(" ...")[0];
  return el("li", { class: state }, el("b", {}, head), el("span", { class: "why" }, ...withCode(reason)),
    reason.includes(start) ? null : el("span", { class: "why" }, "Run: ", el("code", {}, command)));
}

/** A reason sets its commands between backticks. */
function withCode(text) {
  return text.split("`").map((piece, i) => (i % 2 ? el("code", {}, piece) : piece));
}
