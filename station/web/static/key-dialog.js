// The dialog of the keys, in which they are changed: choose one, press another.

import { byId } from "./dom.js";
import { keyOf, keys, showKeys } from "./keymap.js";
import { t } from "./words.js";

export function keyDialog() {
  const dialog = byId("help");
  const said = byId("keys-said");
  const buttons = [...dialog.querySelectorAll("button[data-action]")];
  const words = (action) => buttons.find((b) => b.dataset.action === action).closest("dt").nextElementSibling.textContent;
  let waiting = null;

  function draw() {
    showKeys();
    for (const button of buttons) {
      button.classList.toggle("waiting", button === waiting);
      button.setAttribute("aria-label", t("{key}: {what}. Change the key", { key: keys.name(button.dataset.action), what: words(button.dataset.action) }));
    }
    byId("keys-default").disabled = !keys.changed;
  }

  function wait(button) {
    waiting = button;
    said.textContent = button ? t("Press the new key for “{what}”; Esc leaves it as it is.", { what: words(button.dataset.action) }) : "";
    draw();
  }

  for (const button of buttons) button.addEventListener("click", () => wait(button));
  byId("keys-default").addEventListener("click", () => {
    keys.reset();
    wait(null);
    said.textContent = t("All keys are the default ones again.");
  });
  dialog.addEventListener("keydown", (event) => {
    if (!waiting || ["Shift", "Control", "Alt", "Meta", "CapsLock", "Dead"].includes(event.key)) return;
    if (event.key === "Tab") return wait(null);
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return wait(null);
    const { action } = waiting.dataset;
    const refused = event.ctrlKey || event.metaKey || event.altKey ? t("This key cannot be chosen.") : keys.set(action, keyOf(event), words);
    if (!refused) wait(null);
    said.textContent = refused ?? t("“{what}” is {key} now.", { what: words(action), key: keys.name(action) });
  });
  dialog.addEventListener("cancel", (event) => {
    if (!waiting) return;
    event.preventDefault();
    wait(null);
  });
  dialog.addEventListener("close", () => wait(null));
  draw();
}
