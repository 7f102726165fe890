// The findings of a unit as cards: each cropped beside the same place of the golden, what is known of it, where two
// models disagree on it, and what reviewers say of it. See review.js for the keys.

import { bar } from "./bars.js";
import { dayAndTime, el, shape, svg } from "./dom.js";
import { numberOf, sentence } from "./facts.js";
import { keys } from "./keymap.js";
import { extentOf, regionOf } from "./places.js";
import { COLON, COMMA, count, named, t } from "./words.js";

const LEAST_MM = 1.6; // width of a crop, and how many times the finding's extent it shows
const REACH = 3.2;
const WHOLE_PX = 2e6; // a picture of so few pixels is shown whole, a larger one by the part that a crop shows
const MARK_MM = 0.1; // between a finding and the corners that mark it
const BARS_MM = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const STANDING = { confirmed: t("✓ confirmed"), refused: t("✗ refused"), undecidable: t("? cannot be told"), disputed: t("⇄ disputed") };
export const SAID = { confirm: t("confirmed"), refuse: t("refused"), undecidable: t("marked as not to be told"), undo: t("taken back") };

export class Findings {
  /** @param heard {choose(index), answer(answer, named, reason), back()} */
  constructor(heard) {
    this.heard = heard;
    this.node = el("section", { class: "findings", "aria-label": t("Findings") });
  }

  /** Show a unit's findings. seen: as the API lists them; places: all of the unit; golden, unit: addresses; pending: answers on their way. */
  show({ seen, places, frame, golden, unit, reviewer, pending }) {
    Object.assign(this, { seen, places, frame, golden, unit, reviewer, pending });
    this.chosen = -1;
    this.cutting = false;
    this.draw();
  }

  /** Ask for the parts of the pictures, once these themselves stand on the screen. */
  cut() {
    this.cutting = true;
    for (const node of this.node.querySelectorAll("image:not([href])")) node.setAttribute("href", node.dataset.href);
  }

  /** What reviewers say by now. Answers are never taken away: where fewer are told, a later word of the station came first. */
  update({ seen, reviewer, pending }) {
    const newer = seen && answersIn(seen) >= answersIn(this.seen);
    Object.assign(this, { seen: newer ? seen : this.seen, reviewer, pending });
    this.draw();
    this.node.querySelector(".finding.chosen")?.scrollIntoView({ block: "nearest" });
  }

  /** An answer that the station has recorded, before all of them are asked for anew: it can be taken back at once. */
  learn(answer) {
    const { answers } = this.seen.findings[answer.number - 1];
    if (!answers.some((a) => a.id === answer.id)) answers.push(answer);
  }

  choose(index) {
    const before = this.chosen;
    this.chosen = index;
    for (const changed of new Set([before, index])) {
      this.node.querySelector(`.finding[data-place="${changed}"]`)?.replaceWith(this.card(this.places[changed], changed));
    }
  }

  /** A finding of a place with its answers. */
  numbered(place) {
    return place?.numbered && this.seen.findings[place.numbered.number - 1];
  }

  /** The reviewer's own newest record about a finding, also one that takes another back; null without any. */
  own(numbered) {
    return numbered.answers.findLast((a) => a.reviewer === this.reviewer) ?? null;
  }

  /** Whether the reviewer has said something of a place that stands or is on its way. */
  answered(place) {
    const numbered = this.numbered(place);
    if (!numbered) return true;
    const waiting = this.pending.findLast((p) => p.finding === numbered.number);
    return (waiting?.decision ?? this.own(numbered)?.answer ?? "undo") !== "undo";
  }

  /** Take the kind and the reason from the chosen card; the kind is null where it is the station's own. */
  take() {
    const [kind, why] = ["select[name=kind]", "input[name=why]"].map((field) => this.node.querySelector(field));
    const found = { named: kind.value === this.places[this.chosen].finding.kind ? null : kind.value, reason: why.value.trim() };
    why.value = "";
    return found;
  }

  focusKind() {
    this.node.querySelector("select[name=kind]")?.focus();
  }

  draw() {
    const kept = this.kept();
    const rows = this.places.map((place, index) => [place, index]).filter(([p]) => p.finding);
    const unlike = this.seen.disagreements.length;
    const open = rows.filter(([p]) => !this.answered(p)).length;
    this.node.hidden = !rows.length;
    this.node.replaceChildren(
      el("h3", {}, t("Findings"), el("span", { class: "count" }, String(rows.length)), open ? el("span", { class: "count" }, t("· {n} not answered by you", { n: open })) : ""),
      unlike ? el("p", { class: "differ" }, el("b", {}, "≠ "), count(unlike, "The models disagree at {n} place: a striped bar marks it.", "The models disagree at {n} places: a striped bar marks them.")) : "",
      el("ol", {}, rows.map(([place, index]) => this.card(place, index))));
    if (kept?.place === this.chosen) for (const [name, { value, focused }] of Object.entries(kept.fields)) {
      const field = this.node.querySelector(`[name=${name}]`);
      field.value = value;
      if (focused) field.focus();
    }
  }

  /** What stands in the fields of the chosen card, which is drawn anew whenever an answer has been recorded. */
  kept() {
    const form = this.node.querySelector("form.answering");
    const fields = [...form?.querySelectorAll("[name]") ?? []].map((f) => [f.name, { value: f.value, focused: f === document.activeElement }]);
    return form && { place: Number(form.closest("[data-place]").dataset.place), fields: Object.fromEntries(fields) };
  }

  card(place, index) {
    const { finding: f, unlike, verdict } = place;
    const chosen = index === this.chosen;
    const numbered = this.numbered(place);
    const standing = numbered ? STANDING[numbered.standing] ?? "" : t("not a finding of this unit");
    return el("li", { class: `finding${chosen ? " chosen" : ""}${unlike ? " disputes" : ""}`, "data-place": index, "aria-current": chosen ? "true" : null },
      el("div", { class: "row" },
        el("span", { class: "name" }, numberOf(this.places, index, this.heard.choose), named(f.kind), " ", el("i", {}, regionOf(f))),
        el("span", { class: "u" }, standing)),
      el("div", { class: "crops", on: { click: () => this.heard.choose(index) } },
        this.crop(this.golden, f, t("golden"), "neutral", true), this.crop(this.unit, f, t("unit"), verdict)),
      el("div", { class: "row extent" },
        el("b", {}, sizeOf(f), f.u_mm > 0 ? el("span", { class: "u" }, ` ± ${f.u_mm.toFixed(2)}`) : ""),
        el("span", { class: "u" }, limitOf(f))),
      f.limit_mm === null ? "" : bar(asMeasure(f)),
      el("p", { class: "row limits" },
        el("span", {}, verdictOf(place), f.class ? `${COMMA}${named(f.class)}` : ""),
        el("span", {}, t("contrast {n} × noise", { n: f.contrast_to_noise.toFixed(0) }))),
      el("p", { class: "row limits" },
        el("span", {}, kindsOf(f)),
        el("span", {}, `x ${signed(f.x_mm)}, y ${signed(f.y_mm)} mm`)),
      unlike ? el("p", { class: "differ" }, el("b", {}, t("≠ The models disagree. ")), sentence(unlike.words), ".", numbered ? "" : t(" The verdict is {model}'s alone: reject the unit if this is a defect.", { model: this.seen.model })) : "",
      chosen && numbered ? this.answering(numbered) : "",
      numbered ? this.answers(numbered) : "");
  }

  /** A square round the finding, with corners that hide nothing of it and, on the golden, a bar of a round length. */
  crop(href, f, name, look, scaled = false) {
    const [left, top, right, bottom] = boxOf(f);
    const side = Math.max(LEAST_MM, REACH * Math.max(right - left, bottom - top));
    const [x, y] = [(left + right - side) / 2, (top + bottom - side) / 2];
    const [l, t, r, b] = [left - MARK_MM, top - MARK_MM, right + MARK_MM, bottom + MARK_MM];
    const arm = Math.min(0.3 * Math.min(r - l, b - t), 0.08 * side);
    const corner = (cx, cy, dx, dy) => `M${cx + dx} ${cy}H${cx}V${cy + dy}`;
    const d = [corner(l, t, arm, arm), corner(r, t, -arm, arm), corner(r, b, -arm, -arm), corner(l, b, arm, -arm)].join("");
    const length = BARS_MM.findLast((mm) => mm <= 0.4 * side);
    const say = (sx, sy, text) => svg("text", { x: sx, y: sy, "font-size": 0.095 * side, "stroke-width": 0.02 * side }, text);
    const [bx, by] = [x + 0.04 * side, y + 0.96 * side];
    return svg("svg", { class: "crop", viewBox: `${x} ${y} ${side} ${side}`, role: "img", "aria-label": `${named(f.kind)}${COMMA}${name}` },
      this.picture(href, x, y, side),
      svg("path", { class: "halo", d }), svg("path", { class: `corners ${look}`, d }),
      say(bx, y + 0.12 * side, name),
      scaled ? [svg("rect", { class: "scale", x: bx, y: by - 0.02 * side, width: length, height: 0.02 * side, "stroke-width": 0.006 * side }), say(bx, by - 0.05 * side, `${length} mm`)] : null);
  }

  /** What of a picture lies in a square: decoding 12 megapixels for each would hold up all that is drawn. */
  picture(href, x, y, side) {
    const { pitch_mm: pitch, width, height, origin_px: [ox, oy] } = this.frame;
    const px = (mm, origin, most) => Math.min(most, Math.max(0, mm / pitch + origin + 0.5));
    const [l, t] = [Math.floor(px(x, ox, width - 1)), Math.floor(px(y, oy, height - 1))];
    const [w, h] = [Math.ceil(px(x + side, ox, width)) - l, Math.ceil(px(y + side, oy, height)) - t];
    const whole = width * height <= WHOLE_PX || Math.max(w, h) > 2000 || Math.min(w, h) < 1;
    const [left, top, across, down] = whole ? [0, 0, width, height] : [l, t, w, h];
    const address = whole ? href : `${href}?part=${left},${top},${across},${down}`;
    return svg("image", {
      href: whole || this.cutting ? address : null, "data-href": address,
      x: (left - 0.5 - ox) * pitch, y: (top - 0.5 - oy) * pitch, width: across * pitch, height: down * pitch, preserveAspectRatio: "xMidYMid meet",
    });
  }

  /** The buttons of the chosen finding. */
  answering(numbered) {
    const own = this.own(numbered);
    const kind = own?.named ?? numbered.finding.kind;
    const kinds = [...new Set([numbered.finding.kind, kind, ...this.seen.kinds])];
    const key = (action) => el("kbd", { "data-key": action }, keys.name(action));
    const button = (word, answer) => el("button", { type: "button", class: "quiet", "data-answer": answer, on: { click: () => this.heard.answer(answer) } }, key(answer), ` ${word}`);
    return el("form", { class: "answering", on: { submit: (event) => { event.preventDefault(); this.heard.answer("confirm"); } } },
      el("div", { class: "buttons" }, button(t("Defect"), "confirm"), button(t("No defect"), "refuse"), button(t("Cannot tell"), "undecidable"),
        el("button", { type: "button", class: "quiet", disabled: !own || own.answer === "undo", on: { click: this.heard.back } }, key("take-back"), ` ${t("Take back")}`)),
      el("div", { class: "row" },
        el("label", {}, key("kind"), ` ${t("kind")} `, el("select", { name: "kind" }, kinds.map((k) => el("option", { value: k, selected: k === kind }, named(k))))),
        el("input", { name: "why", maxlength: 500, "aria-label": t("Why, added to your answer"), placeholder: t("why, if you like") })));
  }

  answers(numbered) {
    const items = numbered.answers.map((a) => el("li", {}, `${a.reviewer}${COLON}${SAID[a.answer]}${a.named ? t(" as {kind}", { kind: named(a.named) }) : ""}${a.reason ? `${COMMA}${a.reason}` : ""} `, el("span", { class: "u" }, dayAndTime(a.at))));
    const waiting = this.pending.filter((p) => p.finding === numbered.number).map((p) => el("li", {}, `${p.reviewer}${COLON}${SAID[p.decision]} `, el("span", { class: "u" }, t("on its way …"))));
    return items.length + waiting.length ? el("ul", { class: "said-of" }, items, waiting) : "";
  }
}

const answersIn = (seen) => seen.findings.reduce((n, { answers }) => n + answers.length, 0);

const signed = (v) => `${v < 0 ? "−" : "+"}${Math.abs(v).toFixed(1)}`;
const sizeOf = (f) => (f.kind === "scratch" ? t("{size} mm long", { size: extentOf(f).toFixed(2) }) : t("{size} mm across", { size: extentOf(f).toFixed(2) }));

function limitOf({ limit_mm: limit, limit_for: kind }) {
  if (limit === null) return t("no limit in the sheet");
  return t("limit {limit} mm", { limit }) + (kind ? t(" for {kind}", { kind: named(kind) }) : "");
}

/** [left, top, right, bottom] in mm: of its outline, or round its place where nobody drew one. */
function boxOf(f) {
  const half = Math.max(f.size_mm, f.length_mm) / 2;
  const xs = f.polygon_mm.length > 2 ? f.polygon_mm.map(([x]) => x) : [f.x_mm - half, f.x_mm + half];
  const ys = f.polygon_mm.length > 2 ? f.polygon_mm.map(([, y]) => y) : [f.y_mm - half, f.y_mm + half];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Its score, and those of all kinds that come into question. */
function kindsOf(f) {
  const kinds = Object.entries(f.kind_scores).map(([kind, score]) => `${named(kind)} ${score.toFixed(2)}`);
  return `${t("score {score}", { score: f.score.toFixed(2) })}${kinds.length ? `${COLON}${kinds.join(COMMA)}` : ""}`;
}

function verdictOf({ verdict, finding }) {
  if (verdict === "aside") return t("set aside: counts from score {score}", { score: finding.threshold.toFixed(2) });
  if (verdict === "unlike") return t("seen by the reference difference only");
  return [shape(verdict), named(verdict)];
}

const asMeasure = (f) => ({
  kind: f.kind, unit: "mm", u: f.u_mm, value: extentOf(f), nominal: null, lower: null, upper: f.limit_mm, verdict: f.verdict, detail: {},
});
