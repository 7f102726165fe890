// Units that more than one reviewer has to look at: who deferred one does not settle it, and where two disagree a third
// decides, or an approver.

import { person } from "./claims.js";
import { el } from "./dom.js";
import { COLON, DONE, t } from "./words.js";

/** The newest review of a unit while it is in force: an acceptance that entered values overtook is not; null without one. */
export const inForce = (unit) => (unit.overtaken && unit.review.decision !== "defer" && !unit.review.disputes ? null : unit.review);

/** What stands of a unit: what is on its way to the station, else the review in force. */
export const standing = (unit) => unit.pending ?? inForce(unit);

/** Whether a unit waits for somebody else than this reviewer. */
export function elsewhere(unit, reviewer) {
  const review = standing(unit);
  if (!review || (review.decision !== "defer" && !review.disputes)) return false;
  return !reviewer.trim() || !review.reviewer || person(review.reviewer) === person(reviewer);
}

/** 0: nobody has said anything that stands; 1: it waits for a second look, which this reviewer may take; 2: for one by somebody else. */
export function rank(unit, reviewer) {
  const review = standing(unit);
  if (!review || (review.decision !== "defer" && !review.disputes)) return 0;
  return elsewhere(unit, reviewer) ? 2 : 1;
}

/** In the order of the queue of the station: undecided first, the worst margin first; what waits for somebody else last. */
export function before(a, b, reviewer) {
  const key = (u) => [rank(u, reviewer), u.verdict === "undecided" ? 0 : 1, u.margin === null ? 0 : 1, u.margin ?? 0, u.id];
  const [x, y] = [key(a), key(b)];
  const i = x.findIndex((value, index) => value !== y[index]);
  return i < 0 ? 0 : x[i] - y[i];
}

/** Whether the reviewer deferred the unit since it was last decided, so that another one has to settle it. */
export function deferredBy(reviews, reviewer) {
  const last = reviews.findLastIndex((r) => r.decision !== "defer");
  return reviews.slice(last + 1).some((r) => person(r.reviewer) === person(reviewer));
}

/** What the head of a unit says of the reviewers: who looks at it, what was said just now, what is still wanted. */
export function remarks({ unit, reviews, reviewer, claim, news, takeOver, time }) {
  const found = [];
  if (claim) {
    found.push(el("p", { class: "held" }, el("b", {}, t("{reviewer} looks at it", claim)), ` ${t("since {when}.", { when: time(claim.since) })} `,
      el("button", { type: "button", class: "quiet", on: { click: takeOver } }, t("Take it over"))));
  }
  const last = reviews.at(-1);
  if (news) found.push(el("p", { class: "news" }, el("b", {}, t("{reviewer} has just {done} it.", { reviewer: news.reviewer, done: DONE[news.decision] })), news.reason ? ` ${t(news.reason)}` : ""));
  if (last && !unit.pending && unit.review && !inForce(unit)) {
    found.push(el("p", { class: "deferral" }, el("b", {}, t("{reviewer} accepted it before values were entered that speak against it.", last)), ` ${t("It waits again: decide it anew.")}`));
  } else if (last?.disputes) {
    const other = reviews.find((r) => r.id === last.disputes);
    const said = [other, last].filter(Boolean).map((r) => `${r.reviewer}${COLON}${DONE[r.decision]}`).join(" · ");
    found.push(el("p", { class: "disagreement" }, el("b", {}, t("⇄ Reviewers disagree")), ` · ${said}`, el("br"), t("A third reviewer settles it, or an approver.")));
  } else if (deferredBy(reviews, reviewer)) {
    found.push(el("p", { class: "deferral" }, el("b", {}, t("You deferred it.")), ` ${t("A second reviewer settles it. Deferred by mistake? Undo it.")}`));
  } else if (last?.decision === "defer") {
    found.push(el("p", { class: "deferral" }, el("b", {}, t("{reviewer} asks for a second look.", last)), last.reason ? ` ${t(last.reason)}` : ""));
  }
  return found;
}

/** Why a decision is not taken yet: somebody else looks at the unit or has just decided it, or it needs a reason. */
export function hindrance({ decision, unit, held, news, plain, excuse }) {
  if (held) return t("{reviewer} looks at {unit}: take it over first, or go on with J.", held);
  if (news) return t("{reviewer} has just decided {unit}: press the key again to decide it all the same.", { reviewer: news.reviewer, unit: unit.unit });
  if (decision === "accept" && unit.verdict === "nonconforms" && plain) return t("The station found {unit} nonconforming: choose a reason (2 to 9) or write a note, then accept it.", unit);
  if (decision === "reject" && excuse) return t("“{excuse}” is no reason to reject: choose another one (1 to 9) or write a note.", { excuse });
  return "";
}
