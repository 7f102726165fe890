// What waits and what is settled, in the order in which it comes to this reviewer. What is on its way to the station stands
// apart from what the station has recorded, as `pending` beside `review`, so that a refusal leaves nothing behind.

import { rank } from "./second-look.js";

export class Course {
  /** @param page {state, outbox, reviewer(): the name at the top, other(id): another's claim} */
  constructor(page) {
    this.page = page;
  }

  get all() {
    const { waiting, settled } = this.page.state;
    return [...waiting, ...settled];
  }

  unit(id) {
    return this.all.find((unit) => unit.id === id);
  }

  /** Take the lists as the station has them: in its order, but deferred units behind the others, and last those that somebody else is to look at. */
  take(waiting, settled) {
    const me = this.page.reviewer();
    for (const unit of [...waiting, ...settled]) unit.pending = null;
    this.page.state.waiting = waiting.sort((a, b) => rank(a, me) - rank(b, me));
    this.page.state.settled = settled;
    for (const item of this.page.outbox.items) if (!item.finding) this.settle(item);
  }

  /** Move a unit to where what is on its way puts it, before the station has answered. */
  settle(item) {
    const { state } = this.page;
    const unit = this.unit(item.unit_id);
    if (!unit) return;
    unit.pending = item;
    state.waiting = state.waiting.filter((u) => u !== unit);
    state.settled = state.settled.filter((u) => u !== unit);
    if (item.decision === "defer") state.waiting.push(unit); // for somebody else
    else if (item.decision === "undo") state.waiting.unshift(unit);
    else state.settled.unshift(unit);
  }

  /** The unit that comes by itself: the next that waits for this reviewer and that nobody else looks at. */
  after(unit) {
    const { page: { state: { waiting }, reviewer, other } } = this;
    const open = (u) => u.id !== unit?.id && rank(u, reviewer()) < 2 && !other(u.id);
    const index = waiting.findIndex((u) => u.id === unit?.id);
    return waiting.slice(index + 1).find(open) ?? waiting.find(open) ?? null;
  }

  first() {
    return this.after(null);
  }

  /** The unit so many further in the lists, null where there is none. */
  step(unit, by) {
    const { all } = this;
    const index = all.findIndex((u) => u.id === unit?.id);
    const found = all[index < 0 ? 0 : Math.min(all.length - 1, Math.max(0, index + by))];
    return found && found.id !== unit?.id ? found : null;
  }
}
