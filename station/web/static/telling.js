// How a page tells what went wrong, each in its own words: what the station refuses, a station that does not answer, and a
// fault of the page's own scripts, which no patience mends.

import { Refusal, Unreachable } from "./api.js";
import { byId, el } from "./dom.js";
import { JOINT, sayIn } from "./said.js";
import { t } from "./words.js";

const SLOWEST_MS = 8000;

/** What the records say, in the language of the page where it is known, else in their own, English. */
export function original(tag, attributes, ...children) {
  const node = el(tag, attributes, ...children);
  if (!sayIn(node)) node.lang = "en";
  return node;
}

/** A refusal, likewise: what is wrong, and what to do. */
export const refusal = (tag, attributes, { message, do: then }) => original(tag, attributes, message, then ? [JOINT, then] : "");

/** Whether an error is neither the station's word nor its silence. */
const faulty = (error) => error instanceof Error && !(error instanceof Refusal) && !(error instanceof Unreachable);

/** Show it until it is dismissed. offer: [words, call] of a button more. */
function show(node, offer = null) {
  const dismiss = el("button", { type: "button", class: "quiet", on: { click: () => item.remove() } }, t("Dismiss"));
  const item = el("li", {}, node, offer && el("button", { type: "button", class: "quiet", on: { click: () => { item.remove(); offer[1](); } } }, offer[0]), dismiss);
  byId("alerts").append(item);
}

function showFault(error) {
  const words = t("This page has a fault of its own: {message}. Load it anew; what is recorded stays recorded.", error);
  const shown = [...byId("alerts").children].some((item) => item.firstChild.textContent === words);
  if (!shown) show(el("span", {}, words)); // what goes wrong again and again is told once
}

/** Tell an error, or a text or {message, do} of the page's own. */
export function alertUser(error, offer = null) {
  if (faulty(error)) reportError(error); // comes back below, as what nobody caught does
  else if (error instanceof Unreachable) show(el("span", {}, t("The station does not answer. Try again when it does.")));
  else show(typeof error === "string" ? el("span", {}, error) : refusal("span", {}, error), offer);
}

addEventListener("error", ({ error }) => { if (error instanceof Error) showFault(error); });
addEventListener("unhandledrejection", ({ reason }) => { (faulty(reason) ? showFault : alertUser)(reason); });

function line(reachable) {
  byId("link").textContent = reachable ? "" : t("The station does not answer. Trying again …");
  byId("link").classList.toggle("lost", !reachable);
}

/** One at a time: what is pressed again while it is under way is not done twice. What goes wrong is told. */
export function singly(call) {
  let busy = false;
  return async (...given) => {
    if (busy) return;
    busy = true;
    await call(...given).catch(alertUser).finally(() => { busy = false; });
  };
}

/** Ask again until the station answers; a refusal is thrown. wanted: whether it still is; what is not never settles.
 *  connected: hears whether the station answers, where the page says that in its own way. */
export async function patiently(call, { wanted = () => true, connected = line } = {}) {
  for (let delay = 500; ; delay = Math.min(SLOWEST_MS, delay * 2)) {
    try {
      const answer = await call();
      connected(true);
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      connected(false);
      await new Promise((done) => setTimeout(done, delay));
      if (!wanted()) return new Promise(() => {});
    }
  }
}
