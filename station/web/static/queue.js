// The queue at the left: what waits and what is settled, as columns of the API; what a row shows besides comes when it is
// looked at. A unit is one object, however often the lists are fetched anew.

import { api } from "./api.js";
import { STANDING, byId, el, shape } from "./dom.js";
import { QueueList } from "./queue-list.js";
import { said } from "./said.js";
import { standing } from "./second-look.js";
import { DONE, named, t } from "./words.js";

const THUMB_PX = 96;

export class Queue {
  /** @param page {chosen(): unit or null, show(unit), holder(id): another's claim on it, failed(error)} */
  constructor(page) {
    this.page = page;
    this.units = new Map();
    const scroller = document.querySelector("nav.queue");
    const heard = { shows: (unit) => this.shows(unit), row: (unit, shows) => this.row(unit, shows), current: (unit) => unit === page.chosen(), wanted: (units) => this.standing.then(() => this.know(units)).catch(page.failed) };
    this.standing = new Promise((done) => { this.begin = done; }); // the first unit's pictures come before the rows
    this.waiting = new QueueList(byId("queue"), scroller, heard);
    this.settled = new QueueList(byId("settled"), scroller, heard);
  }

  /** Fetch both lists anew. second: of those that wait only what is to be looked at again. */
  async fetch(lot, second) {
    const found = await Promise.all([api.columns(lot, false, second), api.columns(lot, true)]);
    return found.map((columns) => this.read(columns));
  }

  /** The units of a list as it says that they stand; one of which the page knows a newer review is `ahead` of it. */
  read({ ids, units, verdicts, reviews, decisions, reviewers, disputes, margins }) {
    return ids.map((id, i) => {
      const unit = this.units.get(id) ?? { id };
      if (unit.verdict !== verdicts[i]) unit.known = false;
      const review = !reviews[i] ? null : unit.review?.id === reviews[i] ? unit.review : { id: reviews[i], decision: decisions[i], reviewer: reviewers[i], disputes: disputes[i] || null };
      const ahead = (unit.review?.id ?? 0) > reviews[i];
      this.units.set(id, Object.assign(unit, { unit: units[i], verdict: verdicts[i], margin: margins[i], ahead }, ahead ? {} : { review, overtaken: review !== null && decisions[i] === "" }));
      return unit;
    });
  }

  /** The unit of a view of the API, which then knows all that the view says. */
  learn(view) {
    const unit = this.units.get(view.id) ?? view;
    const { review, overtaken, ...rest } = view;
    Object.assign(unit, rest, { known: true }, unit.review === undefined ? { review, overtaken } : {});
    this.units.set(view.id, unit);
    return unit;
  }

  /** What is known of the units may be another by now. */
  doubt() {
    for (const unit of this.units.values()) unit.known = false;
  }

  /** Ask for what is not known of some units. */
  async know(units) {
    const lacking = units.filter((unit) => !unit.known).map((unit) => unit.id);
    if (!lacking.length) return;
    for (const view of await api.some(lacking)) {
      const unit = this.learn(view);
      this.waiting.update(unit);
      this.settled.update(unit);
    }
  }

  /** follow: bring the current unit into view. */
  draw(waiting, settled, follow) {
    byId("waiting").textContent = waiting.length;
    byId("settled-count").textContent = settled.length;
    byId("settled-title").hidden = !settled.length;
    this.waiting.show(waiting);
    this.settled.show(settled);
    const chosen = this.page.chosen();
    if (chosen && follow) this[waiting.includes(chosen) ? "waiting" : "settled"].reveal(chosen);
  }

  /** What the row of a unit says of it. */
  shows(unit) {
    const { decision, disputes } = standing(unit) ?? {};
    const verdict = disputes ? "undecided" : STANDING[decision] ?? unit.verdict;
    const word = disputes ? t("⇄ reviewers disagree") : decision && decision !== "undo" ? DONE[decision] : named(unit.verdict);
    const reason = unit.reasons ? ` · ${said(unit.reasons[0] ?? "")}` : "";
    return { name: unit.unit, verdict, word, holder: this.page.holder(unit.id)?.reviewer ?? null, picture: unit.frame_sha256 ?? unit.sha256, reason };
  }

  row(unit, { name, verdict, word, holder, picture, reason }) {
    return el("button", { type: "button", "data-unit": unit.id, title: `${name} · ${word}${reason}`, on: { click: () => this.page.show(unit) } },
      picture ? el("img", { src: `${api.picture(picture)}?width=${THUMB_PX}`, alt: "", width: 40, height: 40, loading: "lazy", decoding: "async" }) : el("i", { class: "blank" }),
      el("span", { class: "unit" }, shape(verdict), el("b", {}, el("bdi", { dir: "ltr" }, name))),
      el("span", { class: "reason" }, ...(holder ? [el("span", { class: "looking" }, t("{reviewer} looks at it", { reviewer: holder })), " · "] : []), el("span", { class: "word" }, word), reason));
  }
}
