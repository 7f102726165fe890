// A closer look at a picture: its view box changed with buttons, keys and the wheel with Ctrl, moved by dragging where
// nothing else is dragged.

const NEAREST = 24; // times as large as the whole
const STEADY_PX = 4; // a pointer that moves less has clicked

export class View {
  /** changed : called whenever the picture is shown larger or smaller, elsewhere, or in another size. */
  constructor(picture, changed) {
    const { x, y, width: w, height: h } = picture.viewBox.baseVal;
    Object.assign(this, { picture, changed, whole: { x, y, w, h }, view: { x, y, w, h }, dragged: false });
    new ResizeObserver(() => this.changed()).observe(picture);
    picture.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      this.zoom(Math.exp(-Math.sign(event.deltaY) * 0.25), this.under(event));
    }, { passive: false });
    picture.addEventListener("pointerdown", (event) => this.press(event));
  }

  /** Of the whole, how much is shown across. */
  get share() { return this.view.w / this.whole.w; }

  get near() { return this.share < 1; }

  has([x, y]) {
    const { x: left, y: top, w, h } = this.view;
    return x >= left && x <= left + w && y >= top && y <= top + h;
  }

  /** Millimetres of a pixel on the screen. */
  get mm() { return 1 / (this.picture.getScreenCTM()?.a || 1); }

  /** Pixels on the screen between two places. */
  px([ax, ay], [bx, by]) { return Math.hypot(bx - ax, by - ay) / this.mm; }

  /** Where an event lies, in millimetres. */
  under({ clientX, clientY }) {
    const p = new DOMPoint(clientX, clientY).matrixTransform(this.picture.getScreenCTM().inverse());
    return [p.x, p.y];
  }

  /** The nearest place that lies in the picture. */
  within([x, y]) {
    const { x: left, y: top, w, h } = this.whole;
    return [Math.min(left + w, Math.max(left, x)), Math.min(top + h, Math.max(top, y))];
  }

  zoom(times, at = [this.view.x + this.view.w / 2, this.view.y + this.view.h / 2]) {
    const k = Math.min(this.whole.w, Math.max(this.whole.w / NEAREST, this.view.w / times)) / this.view.w;
    this.look({ x: at[0] - (at[0] - this.view.x) * k, y: at[1] - (at[1] - this.view.y) * k, w: this.view.w * k, h: this.view.h * k });
  }

  reset() { this.look({ ...this.whole }); }

  /** Come so near that some places fill half of the view; never farther away. */
  approach(points) {
    const [left, right] = [Math.min, Math.max].map((f) => f(...points.map(([x]) => x)));
    const [top, bottom] = [Math.min, Math.max].map((f) => f(...points.map(([, y]) => y)));
    const share = Math.max((right - left) / this.view.w, (bottom - top) / this.view.h);
    const [w, h] = [this.view.w, this.view.h].map((v) => v * Math.min(1, Math.max(2 * share, this.whole.w / NEAREST / this.view.w)));
    this.look({ x: (left + right - w) / 2, y: (top + bottom - h) / 2, w, h });
  }

  /** Move the view, where it must, so that a place lies in it. */
  reveal([x, y]) {
    const { x: left, y: top, w, h } = this.view;
    const [inset, drop] = [w / 20, h / 20];
    const to = (value, from, size, edge) => (value < from + edge ? value - edge : value > from + size - edge ? value + edge - size : from);
    const [nx, ny] = [to(x, left, w, inset), to(y, top, h, drop)];
    if (nx !== left || ny !== top) this.look({ ...this.view, x: nx, y: ny });
  }

  look(view) {
    const { x, y, w, h } = this.whole;
    this.view = { ...view, x: Math.min(x + w - view.w, Math.max(x, view.x)), y: Math.min(y + h - view.h, Math.max(y, view.y)) };
    this.picture.setAttribute("viewBox", `${this.view.x} ${this.view.y} ${this.view.w} ${this.view.h}`);
    this.picture.classList.toggle("near", this.near);
    this.changed();
  }

  press(event) {
    this.dragged = false;
    if (event.button !== 0 || !event.isPrimary || !this.near) return;
    const from = this.under(event);
    const start = [event.clientX, event.clientY];
    const move = (e) => {
      if (e.pointerId !== event.pointerId) return;
      if (!this.dragged && Math.hypot(e.clientX - start[0], e.clientY - start[1]) < STEADY_PX) return;
      if (!this.dragged) this.picture.setPointerCapture(e.pointerId);
      this.dragged = true;
      const to = this.under(e);
      this.look({ ...this.view, x: this.view.x + from[0] - to[0], y: this.view.y + from[1] - to[1] });
    };
    const stop = (e) => {
      if (e.pointerId !== event.pointerId) return;
      this.picture.removeEventListener("pointermove", move);
      for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, stop);
    };
    this.picture.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, stop);
  }
}
