// What the forms of the page of orders are made of.

import { Refusal } from "./api.js";
import { el } from "./dom.js";
import { handIn } from "./jobs.js";
import { alertUser, command, original } from "./room.js";
import { known, refusalText, said } from "./said.js";
import { pin } from "./session.js";
import { COLON, t } from "./words.js";

export const field = (label, node) => el("label", { class: "field" }, label, " ", node);
export const choice = (values, words = (v) => v) => el("select", {}, values.map((v) => el("option", { value: v }, words(v))));
export const words = (more = {}) => el("input", { required: true, maxlength: 200, ...more });
export const numeric = (more = {}) => withoutComma(el("input", { type: "number", min: 1, max: 1e9, required: true, ...more }));
export const tick = () => el("input", { type: "checkbox" });
export const file = (more = {}) => el("input", { type: "file", ...more });

/** A field of a number that is not taken where the browser leaves out the comma of "1,5": it would be 15. Where people
    write a decimal comma the browser reads it, and the value has a point then. One of whole numbers stays as it is:
    there 1,200 are 1200. */
function withoutComma(node) {
  if (node.step !== "any") return node;
  let before = null; // the value that a comma was added to
  const comma = (event) => /[,，]/.test(event.data ?? "");
  node.addEventListener("beforeinput", (event) => { if (comma(event)) before = node.value; });
  node.addEventListener("input", (event) => {
    const longer = before !== null && node.value.length > before.length;
    if (!longer && !comma(event)) before = null;
    const dropped = longer && node.value.includes(".") === before.includes(".");
    node.setCustomValidity(dropped ? t("The comma was left out. Write the number anew, with a decimal point.") : "");
  });
  return node;
}

/** What a field holds, without space around it. */
export const held = (node) => node.value.trim();

/** The id of the file that a field holds, handed in; null where there is none. */
export const given = async (node) => (node.files.length ? (await handIn([node.files[0]]))[0] : null);

/** Parts between commas. */
export const parts = (node) => node.value.split(/[,，、;；]/).map((p) => p.trim()).filter(Boolean);

/** A command for who works at a terminal, folded away. */
export const asCommand = (text) => (text ? el("details", {}, el("summary", {}, t("As a command")), command(text)) : "");

const ENDS_IN_COMMAND = /^(.*?)(?:[.;,。；，] ?[^.;,。；，:：]+[:：] ?(station .+))?$/s;

/** What the station says, with the command that it ends in folded away. */
export function withoutCommand(text) {
  const [, said, typed] = text.match(ENDS_IN_COMMAND);
  return [original("span", {}, said), asCommand(typed)];
}

/** The same of a refusal, whose sentences are known with their commands. */
function refusedWith(error) {
  const [, said, typed] = refusalText(error).match(ENDS_IN_COMMAND);
  return [el("span", { lang: known(error.message) === null ? "en" : null }, said), asCommand(typed)];
}

/** A form whose refusal stands below it, with what to do. name : the field of whoever says it. signs : asks for the
    PIN, where there are accounts. called : what it is about, for who cannot see where it stands. `send` hears the name
    and the PIN. */
export function form(label, nodes, send, { name = null, signs = false, kind = "saying", called = null } = {}) {
  const refused = el("div", { class: "refused", role: "alert" });
  const button = el("button", { class: "quiet" }, label);
  const submit = async (event) => {
    event.preventDefault();
    refused.replaceChildren();
    if (name && !name.field.reportValidity()) return;
    const signed = signs ? await pin() : "";
    if (signed === null) return;
    const pressed = document.activeElement === button;
    button.disabled = true; // which takes the focus from it
    try {
      await send(name ? held(name.field) : "", signed);
    } catch (error) {
      if (error instanceof Refusal) refused.replaceChildren(...refusedWith(error));
      else alertUser(error);
    } finally {
      button.disabled = false;
      if (pressed && document.activeElement === document.body) button.focus();
    }
  };
  return el("form", { class: kind, "aria-label": called && `${label}${COLON}${said(called)}`, on: { submit } }, nodes, button, refused);
}
