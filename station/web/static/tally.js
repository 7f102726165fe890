// The lot of the unit that is shown, as it would be decided now, at the foot of the review page.

import { Unreachable, api } from "./api.js";
import { byId, el } from "./dom.js";
import { drawTally } from "./facts.js";
import { newKey } from "./keys.js";
import { gathered } from "./live.js";
import { pin } from "./session.js";
import { forget, keep, recall } from "./storage.js";
import { alertUser, patiently, singly } from "./telling.js";
import { named, t } from "./words.js";

const TOGETHER_MS = 1000; // a decision, what the station tells of it and the next one are one tally

export class Tally {
  /** @param page {state, lotChosen(), connection(reachable), refresh()} */
  constructor(page) {
    this.page = page;
    this.asked = 0;
    this.drawn = undefined; // the lot that stands there
    const soon = gathered((lots) => { if (lots.includes(this.name)) this.draw(true); }, TOGETHER_MS);
    this.recording = singly((...of) => this.record(...of));
    this.soon = (lot) => soon(lot ?? this.name);
  }

  get name() {
    return this.page.state.unit?.lot ?? this.page.lotChosen();
  }

  /** Another unit is shown: its lot may be another. */
  follow() {
    if (this.name !== this.drawn) this.draw();
  }

  /** anew: ask for the lot itself too, which is otherwise taken from the list. */
  async draw(anew = false) {
    const { name, page: { state } } = this;
    const turn = ++this.asked;
    this.drawn = name;
    if (anew && name) {
      const now = await api.lot(name).catch(() => null); // what is lost shows elsewhere; the next event asks again
      if (now) state.lots = state.lots.some((l) => l.lot === name) ? state.lots.map((l) => (l.lot === name ? now : l)) : [...state.lots, now];
    }
    const lot = state.lots.find((l) => l.lot === name) ?? null;
    const key = lot && `station.size.${lot.lot}`;
    const size = key && Number(recall(key));
    const found = lot && (size || lot.decision) ? await api.tally(lot.lot, size || null).catch((error) => {
      if (!(error instanceof Unreachable)) { forget(key); alertUser(error); }
      return null;
    }) : null;
    if (turn !== this.asked) return; // asked again in the meantime
    const typed = this.typed(name);
    drawTally(byId("tally"), lot, found, {
      setSize: (value) => {
        keep(key, String(value));
        this.fieldOf = null; // what was typed is taken, and the keys decide again
        this.draw();
      },
      record: () => this.recording(lot, found),
    });
    this.fieldOf = name;
    const field = byId("lot-size");
    if (!typed || !field) return;
    field.value = typed.value;
    if (typed.focused) field.focus();
  }

  /** What somebody is typing as the size of the lot: it outlives a tally that is drawn anew. */
  typed(name) {
    const field = byId("lot-size");
    if (!field || this.fieldOf !== name) return null;
    const focused = field === document.activeElement; // somebody is about to type
    return focused || field.value !== field.defaultValue ? { value: field.value, focused } : null;
  }

  async record(lot, found) {
    const signed = await pin();
    if (signed === null) return;
    byId("said").textContent = t("Lot {lot} is being decided: every unit of it is counted …", lot);
    const key = newKey();
    try {
      const done = await patiently(() => api.decide(lot.lot, found.size, signed, key), { connected: this.page.connection });
      byId("said").replaceChildren(el("b", {}, t("✓ Recorded")), t(" · lot {lot} {decision}", { lot: done.lot, decision: named(done.decision) }));
      this.page.refresh();
    } catch (error) {
      byId("said").textContent = ""; // it is not being decided any more
      alertUser(error);
    }
  }
}
