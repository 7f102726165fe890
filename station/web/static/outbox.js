// Decisions on their way. Each is kept in the browser's own storage before it is sent and leaves it only when the station
// says that it is recorded, or refuses it. It carries a key of its own, so sending it twice records it once.

import { Refusal, api } from "./api.js";

const PREFIX = "station.decision.";
const SLOWEST_MS = 8000;

export class Outbox {
  /** @param heard {recorded(item, review), refused(item, refusal), changed(reachable)} */
  constructor(heard) {
    this.heard = heard;
    this.items = stored();
    this.sending = false;
    this.delay = 500;
    addEventListener("online", () => this.flush());
  }

  add(decision) {
    const key = crypto.randomUUID();
    const item = { ...decision, key, order: `${Date.now()}`.padStart(15, "0") + key };
    this.items.push(item);
    keep(item);
    this.flush();
    return item;
  }

  get waiting() {
    return this.items.length;
  }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    while (this.items.length) {
      const item = this.items[0];
      try {
        const review = await send(item);
        this.drop(item);
        // what this reviewer decided on the same unit, or answered about the same finding, afterwards, knew this one
        for (const later of this.items) if (about(later) === about(item)) keep(Object.assign(later, { supersedes: review.id }));
        this.delay = 500;
        this.heard.changed(true);
        this.heard.recorded(item, review);
      } catch (error) {
        if (error instanceof Refusal) {
          this.drop(item);
          this.heard.changed(true);
          this.heard.refused(item, error);
          continue;
        }
        this.heard.changed(false);
        this.timer = setTimeout(() => this.flush(), this.delay);
        this.delay = Math.min(SLOWEST_MS, this.delay * 2);
        break;
      }
    }
    this.sending = false;
  }

  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    try {
      localStorage.removeItem(PREFIX + item.order);
    } catch { /* no storage: it was kept in memory only */ }
  }
}

/** A decision on a unit, or an answer about one of its findings. */
function send({ unit_id: unit, finding, decision, named, reason, reviewer, supersedes, key }) {
  if (finding) return api.answer(unit, finding, { answer: decision, named, reason, reviewer, supersedes }, key);
  return api.review(unit, { decision, reason, reviewer, supersedes }, key);
}

const about = ({ unit_id: unit, finding, reviewer }) => JSON.stringify(finding ? [unit, finding, reviewer] : [unit]);

function keep(item) {
  try {
    localStorage.setItem(PREFIX + item.order, JSON.stringify(item));
  } catch { /* storage full or forbidden: the item stays in memory and is sent from there */ }
}

function stored() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).sort();
    return keys.map((key) => JSON.parse(localStorage.getItem(key)));
  } catch {
    return [];
  }
}
