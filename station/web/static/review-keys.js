// The keys of the review page and what each does that decides nothing about the unit; see keymap.js for which is which.

import { byId } from "./dom.js";
import { keyDialog } from "./key-dialog.js";
import { keys } from "./keymap.js";
import { Tools } from "./tools.js";
import { t } from "./words.js";

const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const MAY_REPEAT = new Set([
  "next", "previous", "next-finding", "previous-finding", "nearer", "farther", "brighter", "darker", "more-contrast", "less-contrast",
  "fainter", "stronger",
]);
const WITHOUT_UNIT = new Set(["next", "previous", "undo"]);

const say = (text) => { byId("said").textContent = text; };
const writing = (target) => target.closest("select, textarea, input:not([type=radio], [type=range])") !== null;

/** What moves the eye. */
function looking(stage, places, tools) {
  const { layers } = stage;
  const display = (quantity, by) => () => tools().display.step(quantity, by);
  const toggle = (name) => () => layers.toggle(name);
  return {
    blink: () => stage.blink(true),
    swipe: toggle("swipe"), heat: toggle("heat"), difference: toggle("difference"),
    fainter: () => layers.cover(-1), stronger: () => layers.cover(1),
    brighter: display("brightness", 1), darker: display("brightness", -1),
    "more-contrast": display("contrast", 1), "less-contrast": display("contrast", -1),
    drawings: () => { say(stage.toggle() ? t("Drawings on") : t("Drawings off, {key} brings them back", { key: keys.name("drawings") })); tools().draw(); },
    outline: () => {
      const times = stage.edges();
      say(times === null ? t("The outline of this unit was not measured") : times ? t("Outline: deviations enlarged {times} times, orange out, blue in", { times }) : t("Outline off"));
    },
    nearer: () => stage.zoom(0.7), farther: () => stage.zoom(1 / 0.7),
    reset: () => { stage.reset(); layers.reset(); tools().display.reset(); places.line(null); },
    "next-place": () => places.next(),
    "next-finding": () => places.nextFinding(1), "previous-finding": () => places.nextFinding(-1),
    confirm: () => places.answer("confirm"), refuse: () => places.answer("refuse"), undecidable: () => places.answer("undecidable"),
    kind: () => places.kind(), "take-back": () => places.takeBack(),
  };
}

/** Listen for keys. does: by action what the page itself does; it gains what moves the eye. Answers the row of tools. */
export function keyboard({ state, stage, places, buttons, does }) {
  let tools = null;
  Object.assign(does, looking(stage, places, () => tools));
  tools = new Tools(stage, does);

  /** The arrows move the divider while there is one, else the pictures. */
  const arrow = ([right, down]) => {
    if (stage.layers.on.swipe && right) stage.layers.slide(stage.layers.share + 0.02 * right);
    else stage.move(0.15 * right, 0.15 * down);
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (writing(event.target)) {
      if (event.key === "Escape" || (event.key === "Enter" && !event.target.closest("form.size"))) event.target.blur();
      if (event.key === "Enter" && event.target.closest("form.answering")) {
        event.preventDefault();
        places.answer("confirm");
      }
      return;
    }
    const key = event.key.toLowerCase();
    const action = keys.action(event);
    if (!state.unit && !WITHOUT_UNIT.has(action)) return;
    if (key in ARROWS && event.target.matches("input")) return; // a slider and the reasons have arrows of their own
    const chip = /^[1-9]$/.test(key) && document.querySelectorAll("input[name=reason]")[key - 1];
    const call = chip ? () => { chip.checked = true; buttons(); } : key in ARROWS ? () => arrow(ARROWS[key]) : does[action];
    if (!call || (event.repeat && !MAY_REPEAT.has(action) && !(key in ARROWS))) return;
    event.preventDefault();
    call();
  });
  addEventListener("keyup", (event) => { if (keys.action(event) === "blink") stage.blink(false); });
  addEventListener("blur", () => stage.blink(false));

  keyDialog();
  keys.onchange = () => {
    if (!state.unit || !state.document) return;
    places.findings.update(places.answering());
    places.line(places.chosen ?? null);
  };
  return tools;
}
