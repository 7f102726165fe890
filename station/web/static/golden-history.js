// What a control sheet was, step by step: to take changes back and to make them again, whether they were written or made
// on the picture.

const MOST = 300; // steps that are kept
const PAUSE_MS = 1500; // what is written without one is taken back as one

export class History {
  constructor() {
    this.begin("");
  }

  begin(text) {
    Object.assign(this, { now: text, past: [], future: [], step: null, writtenAt: 0 });
  }

  /** step : changes that follow each other under the same one are taken back as one; null is a step of its own. */
  record(text, step = null) {
    if (text === this.now) return;
    if (step === null || step !== this.step) this.past.push(this.now);
    if (this.past.length > MOST) this.past.shift();
    Object.assign(this, { now: text, future: [], step });
  }

  /** What somebody writes. */
  write(text, at = performance.now()) {
    if (at - this.writtenAt > PAUSE_MS) this.writing = Symbol("writing");
    this.writtenAt = at;
    this.record(text, this.writing);
  }

  /** The text before the last change, or null. */
  back() {
    return this.go(this.past, this.future);
  }

  /** The text after the change that was taken back last, or null. */
  forth() {
    return this.go(this.future, this.past);
  }

  go(from, to) {
    if (!from.length) return null;
    to.push(this.now);
    Object.assign(this, { now: from.pop(), step: null });
    return this.now;
  }
}

/** Which way a key goes, "undo" or "redo", or null. */
export function undoing(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  return key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" && event.ctrlKey ? "redo" : null;
}
