// Who looks at which unit now. A claim keeps two reviewers from working on one unit at the same moment; it ends when the
// window goes on or is closed, and by itself where nobody has touched it for a while. See the API for what it hinders.

import { Refusal, api } from "./api.js";
import { WINDOW } from "./keys.js";
import { LEAVING } from "./session.js";

const RENEW_MS = 30000; // the station keeps a claim for 90 s
const ACTIVE = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"];

/** What two spellings of one person's name have in common. */
export const person = (name) => name.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

export class Claims {
  /**
   * @param page {reviewer(), elsewhere(), decided(), changed(), skipped(claim)}: the name at the top; whether what is shown waits for somebody else, who is not
   *   to be kept from it; settles when the decision that was sent last is answered; the claims are others; the unit that came by itself is another's
   */
  constructor(page) {
    this.page = page;
    this.list = [];
    this.told = 0; // how often the stream of events told them all
    this.wanted = null; // the unit that is shown
    this.held = null; // the unit that this window has claimed
    this.heldAs = ""; // by this name
    this.stale = false; // held for so long that it is claimed anew
    this.renewedAt = 0;
    this.asked = false;
    this.busy = false;
    this.silent = false;
    for (const kind of ACTIVE) addEventListener(kind, () => this.touched(), { passive: true, capture: true });
    for (const end of ["pagehide", LEAVING]) addEventListener(end, () => this.leave());
    addEventListener("pageshow", (event) => { if (event.persisted) this.sync(); });
  }

  /** Another reviewer's claim on a unit, undefined where there is none. */
  other(id) {
    const me = person(this.page.reviewer());
    return this.list.find((claim) => claim.unit_id === id && person(claim.reviewer) !== me);
  }

  /** The claims as the stream of events tells them. */
  hear(list) {
    this.told += 1;
    this.apply(list);
  }

  /** The claims as the station tells them. */
  apply(list) {
    const taken = list.find((claim) => claim.unit_id === this.held);
    if (taken && person(taken.reviewer) !== person(this.heldAs)) this.held = null; // somebody took it over
    this.become(list);
    this.sync();
  }

  /** Know these claims from now on, and tell the page where they are others. */
  become(list) {
    const told = (claims) => JSON.stringify(claims.map((c) => [c.unit_id, c.reviewer, c.since]));
    const before = told(this.list);
    this.list = list;
    if (told(list) !== before) this.page.changed();
  }

  /** The reviewer looks at a unit now, at none with null. byItself: it came without being asked for, and is passed over where another looks at it. */
  look(id, byItself = false) {
    this.wanted = id;
    this.byItself = byItself;
    this.sync();
  }

  /** Bring the station to know what is looked at; one request after another, so that the last one holds. */
  async sync() {
    this.asked = true; // also by who comes while a request is under way, or has just been found needless
    if (this.busy || this.silent) return;
    this.busy = true;
    try {
      while (this.asked) {
        this.asked = false;
        while (await this.step());
      }
    } finally {
      this.busy = false;
    }
  }

  /** One request, where one is needed; whether it is worth going on. */
  async step() {
    const reviewer = this.page.reviewer().trim();
    const wanted = reviewer && !this.page.elsewhere() ? this.wanted : null;
    if (this.held !== null && (wanted === null || person(this.heldAs) !== person(reviewer))) {
      const { held } = this;
      this.decided(held);
      await api.release(held, WINDOW).catch(() => {});
      this.page.changed();
      return true;
    }
    if (wanted === null || (this.held === wanted && !this.stale) || this.other(wanted)) return false;
    await this.page.decided(); // a decision is not to wait for the claim of what comes next
    if (this.wanted !== wanted) return true;
    return this.claim(wanted, { reviewer, window: WINDOW });
  }

  /** Claim a unit; whether it is worth going on. */
  async claim(id, body) {
    this.stale = false;
    try {
      const made = await api.claim(id, body);
      this.held = id;
      this.heldAs = body.reviewer;
      this.renewedAt = performance.now();
      this.become([...this.list.filter((c) => c.unit_id !== id), made]);
      return true;
    } catch (error) {
      if (body.take_over) throw error; // who pressed for it is told
      if (this.held === id) this.held = null;
      this.silent = error.code === "not-allowed"; // whoever may not review claims nothing
      if (!(error instanceof Refusal) || error.code !== "claimed") return this.wanted !== id; // asked again when somebody moves
      this.become(await api.claims().catch(() => this.list));
      if (this.byItself && this.wanted === id && this.other(id)) this.page.skipped(this.other(id));
      return this.wanted !== id;
    }
  }

  /** Take a unit over from another reviewer. Throws what the station says against it, or that it does not answer. */
  async takeOver(id) {
    await this.claim(id, { reviewer: this.page.reviewer().trim(), window: WINDOW, take_over: true });
    this.page.changed();
  }

  /** The unit was decided, which ends its claim. */
  decided(id) {
    this.list = this.list.filter((c) => c.unit_id !== id);
    if (this.held === id) this.held = null;
  }

  /** Somebody is here: what is looked at stays claimed. */
  touched() {
    this.byItself = false;
    if (this.wanted === null || performance.now() - this.renewedAt < RENEW_MS) return;
    this.renewedAt = performance.now();
    this.stale = true;
    this.sync();
  }

  leave() {
    if (this.held !== null) api.release(this.held, WINDOW).catch(() => {});
    this.held = null;
  }
}
