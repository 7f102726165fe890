// The live view of the bench's camera: what it sees, where card, markers and part lie in it, how sharp and how bright it
// is, and the conditions that a shot would meet. It rests while a picture is inspected and while nobody sees the page.

import { Refusal, Unreachable } from "./api.js";
import { byId, el, svg } from "./dom.js";
import { GATES } from "./gates.js";
import { alertUser, api, light, original, refusal } from "./room.js";
import { keep, recall } from "./storage.js";
import { count, t } from "./words.js";

const OFF = "station.bench.view"; // "off" is kept in this browser
const REST_MS = 300;
const LOST_MS = 2000;
const BARS = { w: 128, h: 40 };

const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1" : (100 * share).toFixed(1));
const corners = (points) => points.map((p) => p.join(",")).join(" ");
const MET = { card: t("card found"), clipping: t("exposure"), part: t("part within the picture") };
const FOCUS = (blur) => 1 / (1 + blur); // longer is sharper; an edge as sharp as the pixels fills the bar

export class LiveView {
  /** against : what a shot is held to. busy : whether a picture is being inspected. */
  constructor({ against, busy }) {
    Object.assign(this, { against, busy, zebra: true, best: null, shown: null, told: null });
    this.image = el("img", { alt: t("What the camera sees") });
    this.over = svg("svg", { class: "over", "aria-hidden": "true" });
    this.gone = el("p", { class: "gone", role: "status", hidden: true });
    this.standing = el("p", { class: "standing", role: "status" });
    this.lights = el("ul", { class: "lights" });
    this.focus = el("div", { class: "focus" });
    this.light = el("div", { class: "exposure" });
    const button = (key, words, call) => el("button", { type: "button", class: "quiet", on: { click: call } }, el("kbd", {}, key), ` ${words}`);
    this.stripes = button("Z", t("Stripes over clipped pixels"), () => this.stripe());
    this.toggle = button("V", t("Live view"), () => this.turn(!this.on));
    this.forget = button("P", t("Forget the best"), () => { this.best = null; });
    this.frame = el("div", { class: "frame" }, this.image, this.over);
    this.facts = el("div", { class: "aids" }, this.standing, this.lights, this.focus, this.light);
    this.frame.hidden = true; // until there is a picture to show
    this.gone.hidden = false;
    this.gone.textContent = t("Waiting for the camera …");
    this.figure = el("figure", { class: "on-grey seen" }, this.frame, this.gone);
    byId("view").replaceChildren(this.figure, el("div", {}, this.facts, el("p", { class: "tools" }, this.toggle, this.stripes, this.forget)));
    byId("view").hidden = false;
    addEventListener("keydown", (event) => this.key(event));
    this.turn(recall(OFF) !== "off");
    this.stripe(true);
    this.watch();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const call = { v: () => this.turn(!this.on), z: () => this.stripe(), p: () => { this.best = null; } }[event.key.toLowerCase()];
    if (!call) return;
    event.preventDefault();
    call();
  }

  turn(on) {
    this.on = on;
    keep(OFF, on ? "on" : "off");
    this.toggle.setAttribute("aria-pressed", String(on));
    for (const part of [this.figure, this.facts, this.stripes, this.forget]) part.hidden = !on;
  }

  stripe(on = !this.zebra) {
    this.zebra = on;
    this.shown = null; // the same look is drawn anew
    this.stripes.setAttribute("aria-pressed", String(on));
  }

  async watch() {
    for (;;) {
      if (!this.on || document.hidden || this.busy()) {
        await rest(REST_MS);
        continue;
      }
      try {
        const { golden, rig } = this.against();
        const seen = await api.look({ ...(golden ? { golden } : {}), ...(rig ? { rig } : {}) });
        if (!this.busy()) await this.draw(seen);
        await rest(Math.max(REST_MS / 3, seen.every_ms));
      } catch (error) {
        if (error instanceof Refusal) this.lost(error.message, error.do);
        else if (!(error instanceof Unreachable)) alertUser(error);
        else if (this.shown === null) this.lost(t("The station does not answer"), "");
        await rest(LOST_MS); // a station that is gone: the last look stays until it answers
      }
    }
  }

  lost(message, next) {
    const words = refusal("span", {}, { message, do: next });
    this.frame.hidden = true;
    for (const part of [this.lights, this.focus, this.light]) part.replaceChildren();
    this.gone.hidden = false;
    if (this.gone.textContent !== words.textContent) this.gone.replaceChildren(words);
    this.say(false, t("The camera gives no picture"));
    this.shown = null;
  }

  async draw(seen) {
    if (seen.frame === null) return this.lost(seen.reason, seen.do);
    if (seen.blur_px !== null) this.best = this.best === null ? seen.blur_px : Math.min(this.best, seen.blur_px);
    if (this.shown !== seen.frame) {
      const next = new Image();
      next.src = api.lookPicture(seen.frame, this.zebra);
      if (!(await next.decode().then(() => true, () => false))) return; // it is gone already: the next look has another
      this.image.src = next.src;
      this.shown = seen.frame;
    }
    this.frame.hidden = false;
    this.gone.hidden = true;
    this.outlines(seen);
    this.conditions(seen.gates);
    this.sharpness(seen);
    this.exposure(seen);
  }

  outlines(seen) {
    const [x0, y0, x1, y1] = seen.focus_px;
    const shapes = [["card", seen.card_px], ...seen.markers.map((m) => ["marker", m.corners_px]), ["part", seen.part_px], ["window", [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]].filter(([, points]) => points.length);
    this.over.setAttribute("viewBox", `0 0 ${seen.width} ${seen.height}`);
    this.over.replaceChildren(...shapes.flatMap(([kind, points]) => (kind === "window" ? [kind] : ["halo", kind]).map((name) => svg("polygon", { class: name, points: corners(points) }))));
  }

  conditions(gates) {
    const closed = gates.filter((g) => !g.ok);
    this.say(!closed.length, closed.length ? count(closed.length, "{n} condition is not met", "{n} conditions are not met") : t("Ready to take a picture"));
    this.lights.replaceChildren(...gates.map((g) => el("li", { class: g.reason ? "told" : null }, light(g.ok ? "released" : "closed", g.ok && g.name in MET ? MET[g.name] : GATES[g.name] ?? g.name),
      g.reason ? original("span", { class: "u" }, g.reason) : "")));
  }

  /** The one line that is read out, when it changes. */
  say(ready, words) {
    if (this.told === words) return;
    this.told = words;
    this.standing.replaceChildren(light(ready ? "released" : "closed", words));
  }

  sharpness({ blur_px: blur }) {
    const words = blur === null ? t("no edge is seen") : t("edges {blur} px, best {best} px", { blur: blur.toFixed(2), best: this.best.toFixed(2) });
    this.focus.replaceChildren(el("p", {}, el("b", {}, t("Sharpness")), ` ${words}`), svg("svg", { class: "focus-bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "room", width: 100, height: 8 }), blur === null ? "" : svg("rect", { class: "now", width: 100 * FOCUS(blur), height: 8 }),
      this.best === null ? "" : svg("rect", { class: "peak", x: Math.min(99, 100 * FOCUS(this.best)), width: 1, height: 8 })));
  }

  exposure({ clipped_share: share, histogram }) {
    const most = Math.max(...histogram, 1e-9);
    const wide = BARS.w / histogram.length;
    this.light.replaceChildren(el("p", {}, el("b", {}, t("Exposure")), ` ${t("{share} % clipped", { share: percent(share) })}`), svg("svg", { class: "histogram", viewBox: `0 0 ${BARS.w} ${BARS.h}`, preserveAspectRatio: "none", role: "img", "aria-label": t("Histogram, dark at the left") },
      histogram.map((v, i) => { const h = BARS.h * Math.sqrt(v / most); return svg("rect", { class: i === histogram.length - 1 ? "top" : null, x: i * wide, y: BARS.h - h, width: wide * 0.9, height: h }); })));
  }
}
