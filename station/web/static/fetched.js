// What the page has fetched of units and goldens, and what it fetches before it is asked for. Documents and sources change
// where values are entered or a bench is calibrated: then they are asked for anew.

import { api } from "./api.js";
import { sized } from "./layers.js";

const KEPT = 20; // units whose records are kept

/** Keeps the newest only. */
class Newest extends Map {
  set(key, value) {
    this.delete(key);
    super.set(key, value);
    if (this.size > KEPT) this.delete(this.keys().next().value);
    return this;
  }
}

export class Fetched {
  /** @param page {queue, stage} of the review page */
  constructor(page) {
    this.page = page;
    this.goldens = new Map();
    this.forget();
  }

  /** Values were entered: what a unit's record says may be another by now. */
  forget() {
    this.documents = new Newest(); // an answer that is under way goes into the one before
    this.forgetSources();
    this.next = null;
  }

  /** A bench was calibrated or its light checked. */
  forgetSources() {
    this.sources = new Newest();
  }

  /** What is shown of a unit: its document, its golden, reviews, findings. */
  gather(unit) {
    const golden = this.page.queue.know([unit]).then(() => this.golden(unit)).then((found) => {
      this.picture(found, found.href, found.frame.width);
      this.picture(found, ...pictureOf(unit, found));
      return found;
    });
    return Promise.all([this.document(unit), golden, api.reviews(unit.id), api.findings(unit.id)]);
  }

  /** Have all of a unit ready before it is asked for, its picture decoded in the size at which it is shown. Where that fails, it is asked for when it is shown. */
  ahead(unit) {
    if (!unit || this.next?.unit === unit) return;
    const next = { unit, found: this.gather(unit) };
    this.next = next;
    next.found.then(([, golden]) => {
      next.picture = this.picture(golden, ...pictureOf(unit, golden));
      return next.picture.decode().then(() => { next.decoded = next.picture.getAttribute("src"); });
    }).catch(() => { if (!next.picture && this.next === next) this.next = null; });
  }

  /** What was fetched ahead of a unit, null where nothing was. */
  early(unit) {
    return this.next?.unit === unit ? this.next.found : null;
  }

  /** Whether the picture of an address stands decoded: that of the unit that was fetched ahead. */
  decoded(address) {
    return this.next?.decoded === address;
  }

  async document({ id }) {
    const { documents } = this;
    if (!documents.has(id)) documents.set(id, await api.document(id));
    return documents.get(id);
  }

  /** Where a unit's numbers come from. */
  async source({ id }) {
    const { sources } = this;
    if (!sources.has(id)) sources.set(id, await api.sources(id));
    return sources.get(id);
  }

  async golden({ golden: number, golden_version: version }) {
    const key = JSON.stringify([number, version]);
    if (!this.goldens.has(key)) {
      const [golden, frame] = await Promise.all([api.golden(number, version), api.frame(number, version)]);
      this.goldens.set(key, { frame, href: api.picture(golden.frame_sha256) });
    }
    return this.goldens.get(key);
  }

  /** Have a picture come in the size at which it is shown. */
  picture({ frame }, href, width) {
    const picture = new Image();
    picture.src = sized(href, this.page.stage.across({ w: frame.width * frame.pitch_mm, h: frame.height * frame.pitch_mm }), width);
    return picture;
  }
}

/** The address of a unit's picture and how many pixels it is wide. */
const pictureOf = (unit, golden) => [api.picture(unit.frame_sha256 ?? unit.sha256), unit.frame_sha256 ? golden.frame.width : Infinity];
