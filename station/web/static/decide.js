// Deciding about the unit that is shown, and undoing: each is a record of its own that names the one it supersedes.

import { byId, el, time } from "./dom.js";
import { SAID } from "./findings.js";
import { refusalText } from "./said.js";
import { hindrance, inForce } from "./second-look.js";
import { GUARD_MS } from "./stepping.js";
import { DONE, named, t } from "./words.js";

const ANSWER_MS = 16; // a frame: the next unit is drawn when the decision is recorded, or has taken longer than that
const DEFERRED_REASON = "second reviewer wanted";
const ENGLISH = { accept: "accepted", reject: "rejected", defer: "deferred", confirm: "confirmed", refuse: "refused", undecidable: "marked as not to be told" }; // as it is recorded

const verb = (item) => (item.finding ? SAID : DONE)[item.decision];
const done = (item) => (item.finding ? t("finding {finding} ", item) : "") + verb(item);

export class Deciding {
  /** @param page {state, outbox, course, claims, show(unit, byItself), answered(id): an answer about a finding of the unit changed, alert(text, offer), redraw()} */
  constructor(page) {
    this.page = page;
    this.left = null; // the unit that was decided and is about to be followed by the next one
  }

  /** The name at the top; where it is missing, it is asked for. */
  reviewer() {
    const field = byId("reviewer");
    const name = field.value.trim();
    field.classList.toggle("missing", !name);
    if (!name) {
      field.focus();
      byId("said").replaceChildren(el("b", {}, t("Say who decides: ")), t("enter your name at the top, once."));
    }
    return name;
  }

  decide(decision) {
    const { state, course } = this.page;
    const { unit } = state;
    if (!unit || unit === this.left) return;
    if (state.shownAt === Infinity) {
      byId("said").replaceChildren(el("b", {}, t("{unit} is not shown yet: its pictures are coming. Press the key again.", unit)));
      return;
    }
    if (performance.now() - state.shownAt < GUARD_MS) return;
    const reviewer = this.reviewer();
    if (!reviewer || this.hindered(decision)) return;
    const next = course.after(unit);
    this.send({ unit_id: unit.id, unit: unit.unit, decision, reason: reasonFor(decision), reviewer, supersedes: state.reviews.at(-1)?.id ?? 0 });
    byId("note").value = "";
    this.goOn(unit, next);
  }

  /** Show the next unit. What is drawn takes the processor from the station, so that both come sooner one after the other. */
  async goOn(unit, next) {
    this.left = unit;
    await Promise.race([this.page.outbox.first, new Promise((done) => { setTimeout(done, ANSWER_MS); })]);
    if (this.left === unit && this.page.state.unit === unit) this.page.show(next, true);
    this.left = null;
  }

  /** Say why a decision is not taken yet, where it is not; what was said just now is known then. */
  hindered(decision) {
    const { state, claims } = this.page;
    const noted = byId("note").value.trim() !== "";
    const chosen = document.querySelector("input[name=reason]:checked");
    const plain = !noted && chosen === document.querySelector("input[name=reason]");
    const excuse = !noted && "excuses" in chosen.dataset ? t(chosen.value) : "";
    const why = hindrance({ decision, unit: state.unit, held: claims.other(state.unit.id), news: state.news, plain, excuse });
    state.news = null;
    if (why) byId("said").replaceChildren(el("b", {}, why));
    return why !== "";
  }

  /** Give it to the outbox, and count it as done. */
  send(decision) {
    const { state, outbox, course } = this.page;
    const item = outbox.add(decision);
    if (item.decision !== "undo") state.mine.push(item);
    if (!item.finding) course.settle(item);
  }

  /** What U would undo: this session's last decision, else the recorded review of the unit shown. */
  undoable() {
    const { unit, mine } = this.page.state;
    if (mine.length) return mine.at(-1);
    const review = !unit || unit.pending ? null : inForce(unit);
    return review && review.decision !== "undo" ? { unit_id: unit.id, unit: unit.unit, decision: review.decision, review: review.id } : null;
  }

  undo() {
    const { state, course } = this.page;
    const last = this.undoable();
    const name = last && this.reviewer();
    if (!name) return;
    this.left = null; // it is looked at again
    state.mine = state.mine.filter((m) => m !== last);
    this.send({
      unit_id: last.unit_id, unit: last.unit, finding: last.finding, decision: "undo",
      reason: `${last.finding ? `finding ${last.finding} ${ENGLISH[last.decision]}` : ENGLISH[last.decision]} by mistake`,
      reviewer: last.finding ? last.reviewer : name, // an answer is its reviewer's own, whoever's name stands at the top by now
      supersedes: last.review ?? last.supersedes, // what is still on its way gives its number when it is recorded
    });
    this.buttons();
    const unit = course.unit(last.unit_id);
    if (!unit) return;
    if (last.finding && unit.id === state.unit?.id) this.page.answered(unit.id);
    else this.page.show(unit);
  }

  buttons() {
    for (const button of document.querySelectorAll("[data-decision]")) button.querySelector("small").textContent = reasonFor(button.dataset.decision, t);
    const last = this.undoable();
    byId("undo").disabled = !last;
    byId("undo").querySelector("small").textContent = last ? `${last.unit} ${done(last)}` : t("nothing to undo");
  }

  /** The station has recorded it. */
  recorded(item, review) {
    const reason = item.decision === "undo" || !review.reason ? "" : ` · ${t(review.reason)}`;
    const kind = review.named ? t(" as {kind}", { kind: named(review.named) }) : "";
    byId("said").replaceChildren(el("b", {}, t("✓ Recorded {when}", { when: time(review.at) })), ` · ${item.finding ? t("answer {id}", review) : t("review {id}", review)} · ${item.unit} ${done(item)}${kind}${reason}`);
    const mine = this.page.state.mine.find((m) => m.key === item.key);
    if (mine) mine.review = review.id;
  }

  /** The station has refused it: there is nothing to undo. */
  refused(item, error) {
    const { state } = this.page;
    state.mine = state.mine.filter((m) => m.key !== item.key);
    const what = item.finding ? t("{unit} finding {finding}", item) : item.unit;
    const message = t("{what} was not {done}: {message}", { what, done: verb(item), message: refusalText(error) });
    this.page.alert(message, error.code === "claimed" ? [t("Record it all the same"), () => { this.send({ ...item, take_over: true }); this.page.redraw(); }] : null);
    this.buttons();
  }
}

/** The reason as it is recorded, or as it is shown: in the language of the page. */
function reasonFor(decision, told = (text) => text) {
  const chips = [...document.querySelectorAll("input[name=reason]")];
  const chosen = chips.find((c) => c.checked);
  const base = decision === "defer" && chosen === chips[0] ? DEFERRED_REASON : chosen.value;
  const note = byId("note").value.trim();
  return note ? `${told(base)}: ${note}` : told(base);
}
