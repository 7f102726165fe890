// Brightness and contrast of the screen's pictures. Nothing that is measured changes, and what is shown says so.

import { t } from "./words.js";

const LEAST = 40;
const MOST = 300;

export class Display {
  /** @param groups {SVGGElement[]} of pictures. changed : called after every change. */
  constructor(groups, changed) {
    Object.assign(this, { groups, changed, brightness: 100, contrast: 100 });
  }

  get adjusted() {
    return this.brightness !== 100 || this.contrast !== 100;
  }

  get words() {
    return this.adjusted ? t("display adjusted: brightness {brightness} %, contrast {contrast} %", this) : "";
  }

  /** quantity : "brightness" or "contrast", in per cent. */
  set(quantity, value) {
    this[quantity] = Math.min(MOST, Math.max(LEAST, Math.round(value)));
    for (const group of this.groups) group.style.filter = this.adjusted ? `brightness(${this.brightness}%) contrast(${this.contrast}%)` : "";
    this.changed();
  }

  step(quantity, by) {
    this.set(quantity, this[quantity] + 10 * by);
  }

  reset() {
    if (!this.adjusted) return;
    this.contrast = 100;
    this.set("brightness", 100);
  }
}
