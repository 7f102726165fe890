// A golden sample before its seal: the control sheet beside its picture, linted as it is written; regions and marks put into
// the sheet by pointing at the picture (golden-draft.js); then measured, then sealed.

import { Refusal } from "./api.js";
import { el } from "./dom.js";
import { Draft } from "./golden-draft.js";
import { History, undoing } from "./golden-history.js";
import { busy, handIn, ProgressLine, refusalOf, watch } from "./jobs.js";
import { alertUser, api, original, patiently, refusal, surely } from "./room.js";
import { pin } from "./session.js";
import { forget, keep, recall } from "./storage.js";
import { count, named, t } from "./words.js";

const KEPT = "station.sheet"; // what is written is kept in this browser until it is sealed, for each golden sample by itself
const TYPES = ["pin", "coin", "keychain", "magnet", "medal", "pack", "other"];
const LINT_MS = 350;

export async function sealing(root, golden) {
  const rigs = await patiently(api.rigs);
  const editor = new Editor(golden);
  const draft = new Draft(editor);
  editor.changed = () => draft.draw();
  const photo = el("input", { type: "file", accept: "image/*", required: true });
  const again = el("input", { type: "file", accept: "image/*", multiple: true });
  const rig = el("select", {}, rigs.map((r) => el("option", { value: r.name }, r.name)), el("option", { value: "" }, t("no bench")));
  const line = new ProgressLine();
  const handed = new Map(); // files that are at the station already
  const ids = async (files) => {
    const fresh = [...files].filter((f) => !handed.has(f));
    const made = await handIn(fresh, (done, of) => line.tell(t("handing in the pictures"), done, of));
    fresh.forEach((file, i) => handed.set(file, made[i]));
    return [...files].map((f) => handed.get(f));
  };
  const request = async () => ({ sheet: editor.text, photo: (await ids(photo.files))[0], rig: rig.value || null });
  /** Ask with the files that the station has; it drops them after an hour, and then gets them once more. */
  const withFiles = async (ask) => {
    const known = handed.size;
    try {
      return await ask();
    } catch (error) {
      if (!known || !(error instanceof Refusal) || error.status !== 404) throw error;
      handed.clear();
      return ask();
    }
  };
  const drafted = (body) => surely((key) => api.draft(body, key));
  const measure = el("button", { type: "button", class: "quiet strong-button", on: { click: () => photo.reportValidity() && busy(measure, line, async () => {
    let sheet = "";
    const job = await watch(await withFiles(async () => {
      const body = await request();
      ({ sheet } = body);
      return drafted(body);
    }), line);
    if (!job) return;
    draft.show(job, sheet, editor.remarks);
    measure.classList.remove("strong-button"); // what comes next is the seal
    seal.classList.add("strong-button");
  }) } }, t("Measure"));
  const seal = el("button", { type: "button", class: "quiet", on: { click: () => photo.reportValidity() && busy(seal, line, async () => {
    const signed = await pin();
    if (signed === null) return;
    const text = editor.text;
    const asked = await withFiles(async () => {
      const body = { ...(await request()), sheet: text, again: await ids(again.files) };
      return surely((key) => api.seal(body, signed, key));
    });
    const job = await watch(asked, line);
    if (!job) return;
    if (editor.text === text) editor.forget(); // else more was written meanwhile, of which nothing is sealed
    location.assign(`/golden?golden=${encodeURIComponent(job.result.number)}`);
  }) } }, t("Seal"));
  root.replaceChildren(
    el("header", { class: "paper-head" }, el("h2", {}, golden ? t("A new version of {number}", golden) : t("Seal a golden sample")),
      el("p", {}, t("Choose the photo and write the control sheet. Measure shows what the station sees of it, and takes regions and marks by pointing; nothing is recorded. Seal makes the master that units are held to."))),
    el("div", { class: "deciding" }, el("label", { class: "field" }, t("Photo of the golden sample"), " ", photo), el("label", { class: "field" }, t("Further photos, laid down again"), " ", again),
      el("label", { class: "field" }, t("Bench"), " ", rig), measure, seal, line.node),
    el("div", { class: "sealing" }, el("div", { class: "draft" }, draft.node), editor.node));
  await editor.begin();
}

// --- the control sheet -----------------------------------------------------------------------------------------------

class Editor {
  constructor(golden) {
    this.golden = golden;
    this.kept = golden ? `${KEPT}.${golden.number}` : KEPT;
    this.remarks = new Set();
    this.history = new History();
    this.changed = () => {};
    this.area = el("textarea", { id: "sheet", spellcheck: "false", autocomplete: "off", rows: 26, lang: "en" });
    this.lint = el("div", { class: "lint", role: "status" });
    this.again = el("p", { class: "kept", role: "status", hidden: true });
    const kind = el("select", {}, TYPES.map((k) => el("option", { value: k }, named(k))));
    const take = async () => {
      if (this.text.trim() && !confirm(t("Replace what is written?"))) return;
      this.text = await patiently(() => api.template(kind.value));
      this.area.focus();
    };
    const file = el("input", { type: "file", accept: ".toml", on: { change: async () => { if (file.files[0]) this.text = await file.files[0].text(); } } });
    this.node = el("div", { class: "sheet-editor" }, el("div", { class: "row" }, el("h3", {}, el("label", { for: "sheet" }, t("Control sheet (TOML)"))), el("a", { href: "/help/control-sheet" }, t("What may be in it"))),
      el("div", { class: "tools" }, el("label", { class: "field" }, t("Template"), " ", kind), el("button", { type: "button", class: "quiet", on: { click: take } }, t("Begin with it")), el("label", { class: "field" }, t("or a file"), " ", file)),
      this.again, this.area, this.lint);
    this.area.addEventListener("input", () => { this.history.write(this.text); this.written(); });
    this.area.addEventListener("keydown", (event) => {
      const way = undoing(event);
      if (!way) return;
      event.preventDefault(); // the field's own knows nothing of what was changed on the picture
      this[way]();
    });
  }

  get text() { return this.area.value; }

  set text(value) { this.change(value); }

  /** With what was written before and is not sealed, where there is any; else with the sealed sheet, or a template. */
  async begin() {
    const kept = recall(this.kept);
    this.first = await patiently(() => (this.golden ? api.sheet(this.golden.number, this.golden.version) : api.template("pin")));
    this.history.begin(kept?.trim() ? kept : this.first);
    this.put(this.history.now);
    if (this.text === this.first) return;
    const anew = () => {
      this.change(this.first);
      this.again.hidden = true;
      this.area.focus();
    };
    this.tell(t("This was written before and is not sealed; it was kept in this browser."), " ",
      el("button", { type: "button", class: "quiet", on: { click: anew } }, this.golden ? t("Begin anew with version {version}", this.golden) : t("Begin anew")));
  }

  /** Say above the sheet what becomes of it. */
  tell(...words) {
    this.again.replaceChildren(...words);
    this.again.hidden = false;
  }

  forget() { forget(this.kept); }

  /** Put a table at the end, and let it be seen. */
  add(toml) {
    this.change(`${this.text.trimEnd()}\n\n${toml.trim()}\n`);
    this.area.scrollTop = this.area.scrollHeight;
  }

  /** Change the text otherwise than by writing. step : see History. */
  change(text, step = null) {
    this.history.record(text, step);
    this.put(text);
  }

  /** Take the last change back, or make it again; answers whether there was one. */
  undo() { return this.put(this.history.back()); }

  redo() { return this.put(this.history.forth()); }

  /** Take back what was changed under a step, where nothing else was since. */
  cancel(step) {
    if (this.history.step === step) this.undo();
  }

  /** Show a text; the caret goes where it differs. */
  put(text) {
    if (text === null) return false;
    const before = this.text;
    this.area.value = text;
    if (document.activeElement === this.area) {
      let same = 0;
      while (same < Math.min(text.length, before.length) && text.at(-1 - same) === before.at(-1 - same)) same += 1;
      this.area.setSelectionRange(text.length - same, text.length - same);
    }
    this.written();
    return true;
  }

  /** Scroll the sheet, where it must be, so that the row which begins there is seen. */
  reveal(start) {
    const twin = el("div", { class: "sheet-twin", "aria-hidden": "true" }, this.text.slice(0, start));
    this.area.before(twin);
    twin.style.width = `${this.area.clientWidth}px`;
    const top = twin.offsetHeight;
    twin.remove();
    const { scrollTop, clientHeight } = this.area;
    if (top < scrollTop || top > scrollTop + 0.7 * clientHeight) this.area.scrollTop = top - clientHeight / 4;
  }

  written() {
    if (this.text === this.first) this.forget();
    else if (!keep(this.kept, this.text) && !this.warned) {
      this.warned = true;
      this.tell(t("This browser keeps nothing that is written here, its storage is full or forbidden: copy the sheet before you leave the page."));
    }
    this.changed();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.look().catch((error) => (error instanceof Refusal ? this.lint.replaceChildren(refusalOf(error)) : alertUser(error))), LINT_MS);
  }

  async look() {
    const text = this.text;
    if (!text.trim()) return this.lint.replaceChildren();
    const found = await patiently(() => api.lint(text));
    if (text !== this.text) return;
    this.remarks = new Set(found.remarks.map((r) => `${r.where}: ${r.message}. ${r.do}`));
    const line = (where, message, next) => original("li", {}, el("b", {}, where), ` ${message}. ${next}`);
    this.lint.replaceChildren(...(found.error ? [el("p", { class: "refused" }, el("b", {}, `▲ ${t("It cannot be read")}: `), refusal("span", {}, { message: found.error, do: found.do }))]
      : [el("p", {}, found.remarks.length ? `▲ ${count(found.remarks.length, "{n} remark:", "{n} remarks:")}` : `✓ ${t("Nothing in it would be argued about.")}`),
        el("ul", { class: "bullets" }, found.remarks.map((r) => line(r.where, r.message, r.do)))]));
  }
}
