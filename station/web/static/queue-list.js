// A list of thousands: only the rows that stand on the screen are in the page, and each says its place in the whole.

import { el } from "./dom.js";

const ROW_PX = 52; // as in review.css
const HEAD_PX = 40; // the title, which stays in view
const SPARE = 8; // rows beyond either edge
const AT_ONCE = 60; // units that are asked for in one request
const PAUSE_MS = 60; // of scrolling, before details of rows are asked for

export class QueueList {
  /** @param node {HTMLOListElement}; scroller: what scrolls it; row(unit): a row's content; wanted(units): asks for what rows lack */
  constructor(node, scroller, { row, wanted }) {
    Object.assign(this, { node, scroller, row, wanted, units: [], drawn: new Map() });
    scroller.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.later()).observe(scroller);
  }

  /** Show these units; rows that are kept are drawn anew. */
  show(units) {
    this.units = units;
    this.node.setAttribute("data-count", units.length);
    this.drawn.clear();
    this.node.replaceChildren();
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
    for (const [unit, item] of this.drawn) {
      const at = this.units[item.at] === unit ? item.at : -1;
      if (at < from || at >= to) {
        item.node.remove();
        this.drawn.delete(unit);
      }
    }
    let before = null;
    for (let at = from; at < to; at += 1) {
      const unit = this.units[at];
      let item = this.drawn.get(unit);
      if (!item) {
        item = { at, node: el("li", { "aria-setsize": this.units.length, "aria-posinset": at + 1 }, this.row(unit)) };
        item.node.style.top = `${at * ROW_PX}px`;
        this.drawn.set(unit, item);
        if (before) before.after(item.node);
        else this.node.prepend(item.node);
      }
      before = item.node;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const lacking = this.units.slice(from, to).filter((unit) => !unit.known).slice(0, AT_ONCE);
      if (lacking.length) this.wanted(lacking);
    }, PAUSE_MS);
  }

  /** Draw the row of a unit anew, where it stands on the screen. */
  update(unit) {
    const item = this.drawn.get(unit);
    if (item) item.node.replaceChildren(this.row(unit));
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
