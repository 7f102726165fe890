// Who is signed in, where the station has accounts, and the PIN with which somebody signs.

import { api } from "./api.js";
import { byId, el } from "./dom.js";
import { keep, recall } from "./storage.js";
import { alertUser } from "./telling.js";
import { t } from "./words.js";

let session = { mode: "single-user", name: "", pin: false };

/** Put the account's name where the reviewer's stands; without accounts it stays to be typed. Who is signed in. */
export async function whoIsHere() {
  session = await api.session();
  if (session.mode === "single-user") return session;
  const field = byId("reviewer");
  const out = el("button", { class: "quiet", type: "button", on: { click: leave } }, t("Sign out"));
  if (!field) {
    byId("who").append(session.name, " ", out);
    return session;
  }
  field.value = session.name;
  field.readOnly = true;
  field.closest("label").after(out);
  return session;
}

const REMEMBERED = "station.reviewer";

/** A field for the name of whoever says something: with accounts it holds the account's and stays as it is. */
export function nameField(label) {
  const single = session.mode === "single-user";
  const field = el("input", { required: true, maxlength: 120, autocomplete: "name", readonly: !single, value: single ? recall(REMEMBERED) ?? "" : session.name });
  field.addEventListener("change", () => { if (single) keep(REMEMBERED, field.value.trim()); });
  return { field, node: el("label", { class: "field" }, label, " ", field) };
}

export const LEAVING = "station-leaving"; // said to the window before its session ends: the last moment to ask for anything

async function leave() {
  dispatchEvent(new Event(LEAVING));
  try {
    await api.signOut();
    location.assign("/sign-in");
  } catch (error) {
    alertUser(error);
  }
}

/** The PIN of whoever signs; "" without accounts, null where the person thinks better of it. Chinese keyboards write wide
 *  digits, which no request may carry in its head. */
export function pin() {
  if (session.mode === "single-user") return Promise.resolve("");
  const field = el("input", { type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 12, pattern: "[0-9０-９]+", required: true, id: "pin" });
  const dialog = el("dialog", { "aria-labelledby": "pin-title" },
    el("h2", { id: "pin-title" }, t("Sign as {name}", { name: session.name })),
    el("form", { method: "dialog" }, el("label", { class: "field", for: "pin" }, t("PIN"), " ", field), " ", el("button", { value: "sign" }, t("Sign"))));
  document.body.append(dialog);
  return new Promise((told) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      told(dialog.returnValue === "sign" ? field.value.normalize("NFKC") : null);
    });
    dialog.showModal();
  });
}
