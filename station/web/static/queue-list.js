// A list of thousands: only the rows that stand on the screen are in the page, and each says its place in the whole.

import { el } from "./dom.js";

const ROW_PX = 52; // as in review.css
const HEAD_PX = 40; // the title, which stays in view
const SPARE = 8; // rows beyond either edge
const AT_ONCE = 60; // units that are asked for in one request
const PAUSE_MS = 60; // of scrolling, before details of rows are asked for

export class QueueList {
  /** @param node {HTMLOListElement}; scroller: what scrolls it; shows(unit): all that its row says, row(unit, shows): the row's content, current(unit):
   *  whether it is the one that is looked at; wanted(units): asks for what rows lack */
  constructor(node, scroller, { shows, row, current, wanted }) {
    Object.assign(this, { node, scroller, shows, row, current, wanted, units: [], drawn: new Map() });
    scroller.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.later()).observe(scroller);
  }

  /** Show these units. */
  show(units) {
    this.units = units;
    this.node.setAttribute("data-count", units.length);
    this.node.style.height = `${units.length * ROW_PX}px`;
    this.draw();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  /** The rows that stand on the screen, from and to. */
  range() {
    const top = this.node.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    const from = Math.floor(-top / ROW_PX) - SPARE;
    const to = Math.ceil((this.scroller.clientHeight - top) / ROW_PX) + SPARE;
    return [Math.max(0, Math.min(this.units.length, from)), Math.max(0, Math.min(this.units.length, to))];
  }

  draw() {
    const [from, to] = this.range();
    const seen = this.units.slice(from, to);
    const staying = new Set(seen);
    for (const [unit, { node }] of this.drawn) {
      if (staying.has(unit)) continue;
      node.remove();
      this.drawn.delete(unit);
    }
    let following = this.node.firstChild;
    seen.forEach((unit, i) => {
      const item = this.drawn.get(unit) ?? this.begun(unit);
      this.place(item, from + i);
      this.say(unit, item);
      if (item.node === following) following = following.nextSibling;
      else this.node.insertBefore(item.node, following);
    });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const lacking = this.units.slice(from, to).filter((unit) => !unit.known).slice(0, AT_ONCE);
      if (lacking.length) this.wanted(lacking);
    }, PAUSE_MS);
  }

  begun(unit) {
    const item = { node: el("li", {}) };
    this.drawn.set(unit, item);
    return item;
  }

  place(item, at) {
    if (item.at !== at) {
      item.at = at;
      item.node.style.top = `${at * ROW_PX}px`;
      item.node.setAttribute("aria-posinset", at + 1);
    }
    if (item.of !== this.units.length) item.node.setAttribute("aria-setsize", item.of = this.units.length);
  }

  /** Draw the content of a row, where it says something else by now. */
  say(unit, item) {
    const shows = this.shows(unit);
    const said = JSON.stringify(shows);
    if (item.said !== said) item.node.replaceChildren(this.row(unit, shows));
    item.said = said;
    if (this.current(unit)) item.node.firstChild.setAttribute("aria-current", "true");
    else item.node.firstChild.removeAttribute("aria-current");
  }

  /** What is known of a unit is more by now. */
  update(unit) {
    const item = this.drawn.get(unit);
    if (item) this.say(unit, item);
  }

  /** Bring a unit into view. */
  reveal(unit) {
    const at = this.units.indexOf(unit);
    if (at < 0) return;
    const frame = this.scroller.getBoundingClientRect();
    const top = this.node.getBoundingClientRect().top - frame.top + at * ROW_PX;
    if (top < HEAD_PX) this.scroller.scrollTop += top - HEAD_PX;
    else if (top + ROW_PX > frame.height) this.scroller.scrollTop += top + ROW_PX - frame.height;
    this.draw();
  }
}
