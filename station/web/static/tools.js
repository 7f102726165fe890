// The row of tools below the pictures: the layers for who has no keyboard, what is switched on, and the heat map's scale.

import { byId, el } from "./dom.js";
import { Display } from "./display.js";
import { GAIN, OPACITIES } from "./layers.js";
import { said as inWords } from "./said.js";
import { COMMA, named, t } from "./words.js";

export class Tools {
  /** @param does {by action: call} */
  constructor(stage, does) {
    Object.assign(this, { stage, does });
    this.display = new Display(stage.panes.map((pane) => pane.pictures), () => this.draw());
    stage.layers.onchange = () => this.draw();
    for (const button of document.querySelectorAll("[data-tool]")) {
      const { tool } = button.dataset;
      if (tool !== "blink") {
        button.addEventListener("click", () => does[tool]());
        continue;
      }
      button.addEventListener("pointerdown", () => stage.blink(true));
      for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, () => stage.blink(false));
      button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is holding it
      button.addEventListener("keydown", (event) => { if ([" ", "Enter"].includes(event.key) && !event.repeat) stage.blink(true); });
      for (const end of ["keyup", "blur"]) button.addEventListener(end, () => stage.blink(false));
    }
    for (const slider of document.querySelectorAll("[data-display]")) slider.addEventListener("input", () => this.display.set(slider.dataset.display, slider.valueAsNumber));
    byId("opacity").addEventListener("input", () => stage.layers.cover(byId("opacity").valueAsNumber - stage.layers.opacity));
    this.draw();
  }

  draw() {
    const { layers } = this.stage;
    const { on, found } = layers;
    const share = Math.round(100 * OPACITIES[layers.opacity]);
    for (const button of document.querySelectorAll("[data-tool][aria-pressed]")) {
      const { tool } = button.dataset;
      button.setAttribute("aria-pressed", String(tool === "drawings" ? this.stage.shown : on[tool]));
    }
    byId("opacity").value = layers.opacity;
    byId("opacity").setAttribute("aria-valuetext", `${share} %`);
    for (const slider of document.querySelectorAll("[data-display]")) slider.value = this.display[slider.dataset.display];
    const unlaid = layers.whole && !layers.registered;
    const said = [
      this.display.words,
      on.difference && (unlaid ? t("no difference: the unit was not laid over the golden") : t("difference × {gain}, {share} %", { gain: GAIN, share })),
      on.heat && (found?.reason ? t("no heat map: {reason}", { reason: inWords(found.reason) }) : found?.loaded ? t("heat map {share} %", { share }) : t("heat map: being made …")),
      on.swipe && t("golden left of the divider, unit right"),
    ].filter(Boolean);
    byId("layers").replaceChildren(...said.map((text) => el("span", {}, text)));
    byId("layers").hidden = !said.length;
    this.scale(on.heat && found?.loaded ? found : null);
  }

  /** The scale of the heat map with the sheet's limits. */
  scale(found) {
    const node = byId("scale");
    node.hidden = !found;
    if (!found || node.dataset.of === found.href) return;
    node.dataset.of = found.href;
    const at = (value) => `${Math.min(100, (100 * value) / found.top).toFixed(1)}%`;
    const marks = found.marks.map((mark) => {
      const tick = el("i", { title: `${named(mark.name)} ${mark.value}` }, String(mark.value));
      tick.style.left = at(mark.value);
      return tick;
    });
    const words = found.marks.map((mark) => `${named(mark.name)} ${mark.value}`).join(COMMA);
    node.setAttribute("aria-label", t("Scale of the heat map: {quantity} from 0 to {top} and more; {marks}", { ...found, marks: words }));
    node.title = inWords(found.note);
    node.replaceChildren(el("b", {}, found.quantity === "CIEDE2000" ? "ΔE00" : found.quantity), el("span", { class: "ramp" }, marks),
      el("span", {}, t("{top} and more, over {averaged_mm} mm", found)));
  }
}
