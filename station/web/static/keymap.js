// Which key does what on the review page: the defaults, what this browser keeps instead, and what may not be chosen.

import { keep, recall } from "./storage.js";
import { t } from "./words.js";

const STORED = "station.keys";

/** By action its default key. Letters are told apart with Shift; signs are what they are on the keyboard at hand. */
const DEFAULTS = {
  accept: "a", reject: "r", defer: "d", undo: "u", note: "n",
  confirm: "c", refuse: "x", undecidable: "q", kind: "t", "take-back": "w",
  next: "j", previous: "k", "next-finding": "f", "previous-finding": "shift+f", "next-place": "z",
  blink: "b", swipe: "s", heat: "h", difference: "g", drawings: "o", outline: "e",
  fainter: "[", stronger: "]", brighter: ".", darker: ",", "more-contrast": ">", "less-contrast": "<",
  nearer: "+", farther: "-", reset: "0",
};
const DECIDE = new Set(["accept", "reject", "defer", "undo", "confirm", "refuse", "undecidable", "take-back"]);
const FIXED = /^([1-9?]|arrow\w+|enter|escape|tab|page(up|down)|home|end|f\d+| )$/;
const ALIASES = { "=": "+" }; // the same key of many keyboards, without Shift

/** A key as it is kept: "a", "shift+f", "[", "arrowleft". */
export function keyOf(event) {
  const key = event.key.toLowerCase();
  return /^\p{L}$/u.test(key) && event.shiftKey ? `shift+${key}` : key;
}

/** As it is shown. */
export const nameOfKey = (key) => key.replace("shift+", "⇧").replace("-", "−").toUpperCase();

export class Keymap {
  constructor() {
    this.own = {};
    for (const [action, key] of Object.entries(stored())) if (!this.refusal(action, key)) this.own[action] = key;
    this.sort();
  }

  /** The action of a key that was pressed; undefined where it has none. */
  action(event) {
    const key = keyOf(event);
    return this.actions.get(key) ?? this.actions.get(ALIASES[key]);
  }

  key(action) {
    return this.own[action] ?? DEFAULTS[action];
  }

  name(action) {
    return nameOfKey(this.key(action));
  }

  /** Why an action cannot have a key, in words; null where it can. `nameOf` tells an action in words. */
  refusal(action, key, nameOf = (other) => other) {
    if (!(action in DEFAULTS) || typeof key !== "string" || !/^(shift\+\p{L}|[^\s]|arrow\w+|\w{2,12})$/u.test(key)) return t("This key cannot be chosen.");
    if (FIXED.test(key)) {
      return DECIDE.has(action) ? t("{key} moves or chooses: it decides nothing.", { key: nameOfKey(key) }) : t("{key} has its own meaning everywhere.", { key: nameOfKey(key) });
    }
    const other = Object.keys(DEFAULTS).find((a) => a !== action && this.key(a) === key);
    return other ? t("{key} is taken: {what}.", { key: nameOfKey(key), what: nameOf(other) }) : null;
  }

  /** Answers why not, null where it is done. */
  set(action, key, nameOf) {
    const refused = this.refusal(action, key, nameOf);
    if (refused) return refused;
    this.own[action] = key;
    this.keep();
    return null;
  }

  reset() {
    this.own = {};
    this.keep();
  }

  get changed() {
    return Object.keys(this.own).length > 0;
  }

  keep() {
    for (const [action, key] of Object.entries(this.own)) if (DEFAULTS[action] === key) delete this.own[action];
    this.sort();
    keep(STORED, JSON.stringify(this.own));
    this.onchange?.();
  }

  sort() {
    this.actions = new Map(Object.keys(DEFAULTS).map((action) => [this.key(action), action]));
  }
}

function stored() {
  try {
    const found = JSON.parse(recall(STORED) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** The keys of this page: one for all its modules. */
export const keys = new Keymap();

/** Write the keys where the page names them. */
export function showKeys(root = document) {
  for (const node of root.querySelectorAll("[data-key]")) node.textContent = keys.name(node.dataset.key);
}
