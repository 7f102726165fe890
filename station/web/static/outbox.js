// Decisions on their way. Each is kept in the browser's own storage before it is sent and leaves it only when the station
// says that it is recorded, or refuses it. It carries a key of its own, so sending it twice records it once. The windows
// of a browser share what is kept: one sends at a time, and what a window leaves behind another sends. With accounts a
// decision is sent under nobody's sign-in but its reviewer's: what somebody else left here waits for them, and is shown.

import { Refusal, Unreachable, api } from "./api.js";
import { byId, el } from "./dom.js";
import { WINDOW, newKey } from "./keys.js";
import { forget, keep, kept } from "./storage.js";
import { count, t } from "./words.js";

const PREFIX = "station.decision.";
const TURN = "station.outbox"; // the lock of the window that sends
const SLOWEST_MS = 8000;
const REFUSED_TO_WHOM = [401, 403]; // it says nothing of the decision
const LEFT_MS = 1000; // before another window's decision is taken for left behind
const TURN_MS = 20000; // longer than a request may take: then the other window is stuck, and the key keeps it harmless

export class Outbox {
  /** @param heard {recorded(item, review), refused(item, refusal), changed(reachable)} */
  constructor(heard) {
    this.heard = heard;
    this.sending = false;
    this.first = null; // settles when what was sent at once is answered
    this.delay = 500;
    this.notBefore = 0; // as the station asks, in ms of the page
    this.denied = new Set(); // keys of what the account may not send, until the page is opened anew
    this.dropped = new Set(); // by other windows: the browser's storage may show it for another moment
    this.kept = el("li", { id: "kept" });
    this.reread();
    this.showKept();
    this.others = new BroadcastChannel("station.outbox");
    this.others.addEventListener("message", ({ data }) => {
      if (data.dropped) this.dropped.add(data.dropped);
      else if (data.item.window === WINDOW) this.tell(data);
    });
    addEventListener("online", () => this.flush());
    addEventListener("storage", ({ key }) => {
      if (key !== null && !key.startsWith(PREFIX)) return;
      this.reread();
      clearTimeout(this.left);
      this.left = setTimeout(() => this.flush(), LEFT_MS);
    });
  }

  add(decision) {
    const key = newKey();
    const item = { ...decision, key, window: WINDOW, order: `${Date.now()}`.padStart(15, "0") + key };
    keepItem(item);
    this.reread();
    this.flush(this.atOnce(item));
    return item;
  }

  /** Send what nothing stands before ahead of all that the page does next, without waiting for a turn; other windows wait until it is answered. Where one sends
   * it too, its key has it recorded once. Whether it was answered, as of conclude; null where it has to wait. */
  atOnce(item) {
    if (this.sending || this.items.length > 1 || this.session?.mode !== "single-user" || performance.now() < this.notBefore) return null;
    const answer = sent(item);
    this.first = answer.catch(() => {}); // concluded below
    const concluded = this.conclude(item, answer);
    navigator.locks?.request(TURN, { ifAvailable: true }, () => concluded.catch(() => {})).catch(() => {}); // a fault is flush's to tell; without a lock it is sent all the same
    return concluded;
  }

  /** How many wait to be sent under who is signed in. */
  get waiting() {
    return this.items.filter((item) => this.sendable(item)).length;
  }

  /** Whether it may go out now: without accounts everything, with them what the account's own person decided. */
  sendable({ reviewer, key }) {
    return !this.denied.has(key) && (!this.session || this.session.mode === "single-user" || reviewer.trim() === this.session.name);
  }

  /** What waits by now, in this window or another. */
  reread() {
    const order = (a, b) => (a.order < b.order ? -1 : 1);
    const { items, unreadable } = stored();
    this.unreadable = unreadable;
    this.items = items.filter((item) => !this.dropped.has(item.order)).sort(order);
  }

  /** What is on its way about a unit, and decides last; null where nothing is. */
  pending(id) {
    return this.items.findLast((item) => !item.finding && item.unit_id === id) ?? null;
  }

  /** Send what waits, in this window's turn. begun: what is under way already. */
  async flush(begun = null) {
    if (this.sending || performance.now() < this.notBefore) return;
    this.sending = true;
    clearTimeout(this.timer);
    const answered = await (begun ?? alone(() => this.send())).finally(() => { this.sending = false; });
    if (!answered) {
      this.timer = setTimeout(() => this.flush(), this.delay);
      this.delay = Math.min(SLOWEST_MS, this.delay * 2);
    } else if (this.waiting) this.flush();
  }

  /** Say whose decisions wait here for them, and what of what is kept nobody can read. */
  showKept() {
    const others = this.items.filter((item) => !this.sendable(item));
    const names = [...new Set(others.map((item) => item.reviewer.trim()))];
    const said = names.map((name) => t("{decisions} kept here, waiting for {name}.", { name, decisions: count(others.filter((item) => item.reviewer.trim() === name).length, "{n} decision", "{n} decisions") }));
    if (this.unreadable) said.push(count(this.unreadable, "{n} decision that this browser kept cannot be read and is not sent: look through what still waits, and decide it again.", "{n} decisions that this browser kept cannot be read and are not sent: look through what still waits, and decide it again."));
    this.kept.textContent = said.join(" ");
    if (!said.length) this.kept.remove();
    else if (!this.kept.isConnected) byId("alerts").prepend(this.kept);
  }

  /** Send what waits; false where the station does not answer. */
  async send() {
    this.reread();
    try {
      // another window may have signed somebody else in; where there are no accounts nobody does
      if (this.items.length && this.session?.mode !== "single-user") this.session = await api.session();
    } catch (error) {
      return this.unreached(error);
    }
    for (this.showKept(); this.waiting; this.reread()) {
      const item = this.items.find((one) => this.sendable(one));
      if (!await this.conclude(item, sent(item))) return false;
    }
    return true;
  }

  /** Wait for the answer about an item and say how it ended; whether the station answered, so that the next may be sent. */
  async conclude(item, answer) {
    let review;
    try {
      review = await answer;
    } catch (error) {
      if (!(error instanceof Refusal)) return this.unreached(error);
      if (error.wait_s) {
        this.notBefore = performance.now() + 1000 * error.wait_s;
        this.delay = 1000 * error.wait_s + 1;
        return false;
      }
      if (REFUSED_TO_WHOM.includes(error.status)) {
        this.denied.add(item.key); // the decision is another's, or not this role's: it is nobody's to throw away
        this.showKept();
        this.heard.changed(true);
        return true;
      }
      this.drop(item);
      this.told({ item, refusal: { code: error.code, message: error.message, do: error.do } });
      this.refuseAfter(item);
      return true;
    }
    this.drop(item);
    // what this reviewer decided on the same unit, or answered about the same finding, afterwards, knew this one
    for (const later of this.items) if (about(later) === about(item) && this.sendable(later)) keepItem(Object.assign(later, { supersedes: review.id }));
    this.delay = 500;
    this.told({ item, review });
    return true;
  }

  /** The station does not answer, or says not who is signed in: false, so that it is asked again. Anything else is a fault, and thrown. */
  unreached(error) {
    if (!(error instanceof Unreachable || error instanceof Refusal)) throw error;
    this.heard.changed(false);
    return false;
  }

  /** What came after a refused one was said by somebody who took that for recorded. */
  refuseAfter(refused) {
    for (const item of this.items.filter((later) => about(later) === about(refused) && this.sendable(later))) {
      this.drop(item);
      this.told({ item, refusal: { code: "follows", message: t("what it follows was not recorded"), do: t("Look at the unit again.") } });
    }
  }

  /** Say how it ended, here and in the window in which it was decided. */
  told(outcome) {
    if (outcome.item.window !== WINDOW) this.others.postMessage(outcome);
    try {
      this.heard.changed(true);
      this.tell(outcome);
    } catch (error) {
      reportError(error); // the page's own fault: what waits is sent all the same
    }
  }

  tell({ item, review, refusal }) {
    this.reread();
    if (review) this.heard.recorded(item, review);
    else this.heard.refused(item, refusal);
  }

  drop(item) {
    forget(PREFIX + item.order);
    this.others.postMessage({ dropped: item.order });
    this.reread();
  }
}

/** Do it while no other window of this browser does. Browsers without locks, over plain HTTP or where they are forbidden with the storage, send twice and record
 *  once. */
async function alone(call) {
  let begun = null;
  const turn = () => {
    begun = call();
    return begun.catch(() => {}); // whoever asked hears of it
  };
  await navigator.locks?.request(TURN, { signal: AbortSignal.timeout(TURN_MS) }, turn).catch(() => {});
  return begun ?? call();
}

/** A decision on a unit, or an answer about one of its findings. */
function sent({ unit_id: unit, finding, decision, named, reason, reviewer, supersedes, take_over, key }) {
  if (finding) return api.answer(unit, finding, { answer: decision, named, reason, reviewer, supersedes }, key);
  return api.review(unit, { decision, reason, reviewer, supersedes, take_over }, key);
}

const about = ({ unit_id: unit, finding, reviewer }) => JSON.stringify(finding ? [unit, finding, reviewer] : [unit]);

/** Where the browser keeps nothing, it waits in the page itself. */
const keepItem = (item) => keep(PREFIX + item.order, JSON.stringify(item));

/** What is kept, and how much of it cannot be read; that stays where it is. */
function stored() {
  const found = kept(PREFIX).map(([key, text]) => read(key, text));
  const items = found.filter(Boolean);
  return { items, unreadable: found.length - items.length };
}

/** A kept decision, null where the text is none. */
function read(key, text) {
  try {
    const item = JSON.parse(text);
    return key === PREFIX + item.order && item.unit_id && item.decision && typeof item.reviewer === "string" && item.key ? item : null;
  } catch {
    return null;
  }
}
