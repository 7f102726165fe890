// What the pages of lots and orders share: their list at the side, keys, refusals in words, tables, commands to copy.

import { api } from "./api.js";
import { byId, el, svg } from "./dom.js";
import { newKey } from "./keys.js";
import { say, translate } from "./messages.js";
import { whoIsHere } from "./session.js";
import { alertUser, original, patiently, refusal, singly } from "./telling.js";
import { COLON, t } from "./words.js";

/** Lights of five states, each a shape of its own; a word always stands beside it. */
const LIGHTS = {
  released: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13zM4.6 8.2l2.5 2.5 4.6-5",
  ready: "M8 1.2L15.4 14.4H.6z",
  lapsed: "M8 14.8L.6 1.6h14.8z",
  closed: "M8 .8L15.2 8 8 15.2.8 8z",
  locked: "M2 7h12v7.5H2zM4.8 7V4.6a3.2 3.2 0 0 1 6.4 0V7",
};

export function light(state, text) {
  return el("span", { class: `light ${state}` }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: LIGHTS[state] })), text);
}

/** A command with a button that copies it. */
export function command(text) {
  const copied = el("span", { role: "status" });
  const code = original("code", {}, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.textContent = say("copied");
      setTimeout(() => { copied.textContent = ""; }, 1500);
    } catch { // browsers give it to encrypted and local pages only
      getSelection().selectAllChildren(code);
      copied.textContent = t("marked: Ctrl+C copies it");
    }
  };
  return el("span", { class: "command" }, code,
    el("button", { class: "quiet", type: "button", "aria-label": `${say("copy")}${COLON}${text}`, on: { click: copy } }, say("copy")), copied);
}

/** A table with a caption for who cannot see it, in a frame that scrolls where it is too wide. */
export function table(caption, columns, rows) {
  return el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": caption }, el("table", {},
    el("caption", { class: "unseen" }, caption),
    el("thead", {}, el("tr", {}, columns.map((c) => el("th", { scope: "col" }, c)))),
    el("tbody", {}, rows)));
}

export const row = (head, ...cells) => el("tr", {}, el("th", { scope: "row" }, head), cells.map((c) => (c instanceof HTMLTableCellElement ? c : el("td", {}, c))));

export const day = (iso) => iso.slice(0, 10);

/** Say that what a link names is not here, once: the address is then that of what is shown instead. */
export function notHere(words, address = location.pathname) {
  alertUser(words);
  history.replaceState(null, "", address);
}

/** Send a change until the station answers; it is done once. */
export function surely(call) {
  const key = newKey();
  return patiently(() => call(key));
}

/** Draw the list at the side; its entries are links, so that each has an address. */
export function side(items, { name, parameter, chosen, entry, choose }) {
  byId("count").textContent = items.length;
  byId("side").replaceChildren(...items.map((item) => {
    const address = `?${parameter}=${encodeURIComponent(name(item))}`;
    const follow = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, "", address);
      choose(item);
    };
    return el("li", {}, el("a", { href: address, "aria-current": name(item) === chosen ? "true" : null, on: { click: follow } }, entry(item)));
  }));
}

/** J and K go through the list at the side; silent while a field or an open dialog has the keys. */
export function stepping(step) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const by = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
}

/** Show the part that the address names, which is there only now. */
export const toPart = () => byId(location.hash.slice(1))?.scrollIntoView();

/** Begin a page: its language, who is here, then its own work. */
export async function begin(start) {
  translate();
  try {
    await patiently(whoIsHere);
    await start();
  } catch (error) {
    alertUser(error);
  }
}

export { alertUser, api, newKey, original, patiently, refusal, singly };
