// From place to place of the unit that is shown, and what the reviewer says of a finding on the way.

import { WORDS, badge, byId, el } from "./dom.js";
import { markPlace } from "./facts.js";
import { Findings } from "./findings.js";
import { keys } from "./keymap.js";
import { COLON, count, t } from "./words.js";

export const GUARD_MS = 150; // a key pressed for what was shown before must not decide what has just come

export class Places {
  /** @param page {state, stage, outbox, reviewer(), buttons()} of the review page */
  constructor(page) {
    this.page = page;
    this.chosenAt = 0;
    const choose = (index) => this.choose(index);
    page.stage.onchoose = choose;
    this.findings = new Findings({ choose, answer: (what) => this.answer(what), back: () => this.takeBack() });
  }

  get chosen() {
    return this.page.state.places[this.page.stage.selected];
  }

  /** What the cards of the findings need of the reviewer and of what is on its way. */
  answering() {
    const { state, outbox } = this.page;
    return { reviewer: byId("reviewer").value.trim(), pending: outbox.items.filter((i) => i.finding && i.unit_id === state.unit.id) };
  }

  /** Say which place is chosen; null: none. */
  line(place) {
    const { places } = this.page.state;
    this.chosenAt = performance.now();
    this.findings.choose(places.indexOf(place));
    markPlace(byId("facts"), places.indexOf(place));
    const [loud, found] = [places.filter((p) => !p.quiet).length, places.filter((p) => p.numbered).length];
    const told = [loud && `${count(loud, "{n} place to look at", "{n} places to look at")}${COLON}${keys.name("next-place")}`, found && `${count(found, "{n} finding", "{n} findings")}${COLON}${keys.name("next-finding")}`].filter(Boolean);
    const tag = place && (place.verdict in WORDS ? badge(place.verdict, place.label) : el("span", { class: "tag" }, place.label));
    byId("place").replaceChildren(...(place
      ? [tag, ` ${place.title}${place.verdict === "aside" ? t(", set aside") : ""}${place.unlike ? t(" · ≠ the models disagree") : ""}`]
      : [told.join(" · ") || t("No place to point at")]));
  }

  choose(index) {
    this.line(this.page.stage.select(index));
  }

  /** The next place that is worth a look. */
  next() {
    this.line(this.page.stage.next((place) => !place.quiet));
  }

  /** The next finding, also one that does not count, or place that only the reference difference finds; -1: the one before. */
  nextFinding(step, wanted = (place) => place.finding) {
    const place = this.page.stage.next(wanted, step);
    if (place) this.line(place);
    return place;
  }

  /** Record what the reviewer says of the chosen finding, and go on to the next one without an answer. */
  answer(decision) {
    const { state: { unit, shownAt }, outbox } = this.page;
    if (!unit || shownAt === Infinity || performance.now() - Math.max(shownAt, this.chosenAt) < GUARD_MS) return;
    const numbered = this.findings.numbered(this.chosen);
    if (!numbered) {
      const found = this.nextFinding(1, (p) => p.numbered);
      byId("said").textContent = found ? t("This finding? Press the key again to answer.") : t("There is no finding to answer about.");
      return;
    }
    const reviewer = this.page.reviewer();
    if (!reviewer) return;
    this.findings.reviewer = reviewer;
    const { named, reason } = decision === "undo" ? { named: null, reason: "" } : this.findings.take();
    const item = outbox.add({
      unit_id: unit.id, unit: unit.unit, finding: numbered.number, decision, named, reason, reviewer,
      supersedes: this.findings.own(numbered)?.id ?? 0,
    });
    this.remember(item);
    this.findings.update(this.answering());
    this.page.buttons();
    if (decision !== "undo") this.nextFinding(1, (p) => !this.findings.answered(p));
  }

  /** For U: an answer that was taken back is nothing to undo any more. */
  remember(item) {
    const { state } = this.page;
    if (item.decision !== "undo") state.mine.push(item);
    else state.mine = state.mine.filter((m) => m.unit_id !== item.unit_id || m.finding !== item.finding);
  }

  takeBack() {
    if (this.findings.numbered(this.chosen) && this.findings.answered(this.chosen)) this.answer("undo");
    else byId("said").textContent = t("You have not answered about this finding.");
  }

  /** Go to the field in which the kind of the chosen finding is corrected. */
  kind() {
    if (this.findings.numbered(this.chosen) || this.nextFinding(1, (p) => p.numbered)) this.findings.focusKind();
  }
}
