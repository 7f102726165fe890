// A golden sample before its seal: the control sheet beside its picture, linted as it is written; regions and marks put into
// the sheet by pointing at the picture, with the mouse or with the arrow keys; then measured, then sealed.

import { el, svg } from "./dom.js";
import { masterPicture } from "./golden-master.js";
import { busy, handIn, ProgressLine, watch } from "./jobs.js";
import { api, original, patiently, surely } from "./room.js";
import { pin } from "./session.js";
import { count, named, t } from "./words.js";

const KEPT = "station.sheet"; // what is written is kept in this browser until it is sealed
const TYPES = ["pin", "coin", "keychain", "magnet", "medal", "pack", "other"];
const SURFACES = ["soft enamel", "hard enamel", "plating", "print", "other"];
const LINT_MS = 350;
const STEP_MM = 0.5;
const FINE_MM = 0.1;

const plain = (v) => Number(v.toFixed(2));
const quoted = (text) => JSON.stringify(text);

export async function sealing(root, golden) {
  const rigs = await patiently(api.rigs);
  const editor = new Editor(golden);
  const draft = new Draft((toml) => editor.add(toml));
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
  const drafted = (body) => surely((key) => api.draft(body, key));
  const measure = el("button", { type: "button", class: "quiet", on: { click: () => photo.reportValidity() && busy(measure, line, async () => {
    const job = await watch(await drafted(await request()), line);
    if (job) draft.show(job, editor.remarks);
  }) } }, t("Measure"));
  const seal = el("button", { type: "button", class: "quiet strong-button", on: { click: () => photo.reportValidity() && busy(seal, line, async () => {
    const signed = await pin();
    if (signed === null) return;
    const body = { ...(await request()), again: await ids(again.files) };
    const job = await watch(await surely((key) => api.seal(body, signed, key)), line);
    if (!job) return;
    localStorage.removeItem(KEPT);
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
    this.remarks = new Set();
    this.area = el("textarea", { id: "sheet", spellcheck: "false", autocomplete: "off", rows: 26, lang: "en" });
    this.lint = el("div", { class: "lint", role: "status" });
    const kind = el("select", {}, TYPES.map((k) => el("option", { value: k }, named(k))));
    const take = async () => {
      if (this.text.trim() && !confirm(t("Replace what is written?"))) return;
      this.text = await patiently(() => api.template(kind.value));
      this.area.focus();
    };
    const file = el("input", { type: "file", accept: ".toml", on: { change: async () => { if (file.files[0]) this.text = await file.files[0].text(); } } });
    this.node = el("div", { class: "sheet-editor" }, el("div", { class: "row" }, el("h3", {}, el("label", { for: "sheet" }, t("Control sheet (TOML)"))), el("a", { href: "/help/control-sheet" }, t("What may be in it"))),
      el("div", { class: "tools" }, el("label", { class: "field" }, t("Template"), " ", kind), el("button", { type: "button", class: "quiet", on: { click: take } }, t("Begin with it")), el("label", { class: "field" }, t("or a file"), " ", file)),
      this.area, this.lint);
    this.area.addEventListener("input", () => this.written());
  }

  get text() { return this.area.value; }

  set text(value) {
    this.area.value = value;
    this.written();
  }

  async begin() {
    const kept = localStorage.getItem(KEPT);
    if (this.golden) this.text = await patiently(() => api.sheet(this.golden.number, this.golden.version));
    else if (kept) this.text = kept;
    else this.text = await patiently(() => api.template("pin"));
  }

  /** Put a table at the end, and let it be seen. */
  add(toml) {
    this.text = `${this.text.trimEnd()}\n\n${toml.trim()}\n`;
    this.area.scrollTop = this.area.scrollHeight;
  }

  written() {
    localStorage.setItem(KEPT, this.text);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.look().catch(() => {}), LINT_MS);
  }

  async look() {
    const text = this.text;
    if (!text.trim()) return this.lint.replaceChildren();
    const found = await patiently(() => api.lint(text));
    if (text !== this.text) return;
    this.remarks = new Set(found.remarks.map((r) => `${r.where}: ${r.message}. ${r.do}`));
    const line = (where, message, next) => original("li", {}, el("b", {}, where), ` ${message}. ${next}`);
    this.lint.replaceChildren(...(found.error ? [el("p", { class: "refused" }, el("b", {}, `▲ ${t("It cannot be read")}: `), original("span", {}, `${found.error}. ${found.do}`))]
      : [el("p", {}, found.remarks.length ? `▲ ${count(found.remarks.length, "{n} remark:", "{n} remarks:")}` : `✓ ${t("Nothing in it would be argued about.")}`),
        el("ul", { class: "bullets" }, found.remarks.map((r) => line(r.where, r.message, r.do)))]));
  }
}

// --- the picture -----------------------------------------------------------------------------------------------------

class Draft {
  constructor(add) {
    this.add = add;
    this.points = [];
    this.cross = { x: 0, y: 0 };
    this.what = el("select", {}, [["region", t("Region, by a point")], ["outline", t("Region, by its border")], ["mark", t("Mark, by its border")]].map(([v, w]) => el("option", { value: v }, w)));
    this.name = el("input", { maxlength: 60, required: true });
    this.surface = el("select", {}, SURFACES.map((s) => el("option", { value: s }, named(s))));
    this.close = el("button", { type: "button", class: "quiet", on: { click: () => this.closed() } }, t("Close the border"));
    this.said = el("p", { class: "u", role: "status" });
    this.below = el("div", {});
    this.figure = el("figure", { class: "on-grey" });
    this.tools = el("div", { class: "tools", hidden: true }, el("label", { class: "field" }, t("Point at"), " ", this.what), el("label", { class: "field" }, t("Called"), " ", this.name),
      el("label", { class: "field" }, t("Surface"), " ", this.surface), this.close);
    this.node = el("div", {}, this.tools, this.figure, this.said, this.below);
    this.what.addEventListener("change", () => { this.points = []; this.draw(); });
    this.figure.append(el("p", { class: "none" }, t("The picture comes when it is measured.")));
  }

  /** linted : what the sheet's lint says already. */
  show(job, linted) {
    const { master, proposals } = job.result;
    const warnings = job.result.warnings.filter((w) => !linted.has(w));
    this.points = [];
    this.picture = masterPicture(master, api.jobPicture(job.id));
    this.picture.setAttribute("tabindex", "0");
    this.picture.setAttribute("role", "application");
    this.picture.setAttribute("aria-roledescription", t("picture to point at"));
    this.picture.addEventListener("click", (event) => {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.picture.getScreenCTM().inverse());
      this.cross = { x: p.x, y: p.y };
      this.placed();
    });
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.figure.replaceChildren(this.picture);
    this.tools.hidden = false;
    this.below.replaceChildren(
      el("p", {}, t("Click into a cell to name it; or move the cross with the arrow keys (Shift: finer) and press Enter.")),
      warnings.length ? el("h3", {}, t("What sealing would warn of")) : "", original("ul", { class: "bullets" }, warnings.map((w) => el("li", {}, w))),
      proposals.length ? el("h3", {}, t("Sizes that the golden offers")) : "",
      el("ul", { class: "lines" }, proposals.map((p) => el("li", {}, el("button", { type: "button", class: "quiet", "aria-label": t("Add {name} to the sheet", p), on: { click: () => this.add(p.toml) } }, t("Add")), " ",
        original("span", {}, `${p.name}: ${p.value_mm.toFixed(3)} ± ${p.u_mm.toFixed(3)} mm (k = 2)`)))));
    this.draw();
  }

  key(event) {
    const step = event.shiftKey ? FINE_MM : STEP_MM;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (move) {
      this.cross = { x: this.cross.x + move[0], y: this.cross.y + move[1] };
      this.said.textContent = t("x {x}, y {y} mm", { x: plain(this.cross.x), y: plain(this.cross.y) });
    } else if (event.key === "Enter") this.placed();
    else if (event.key === "Backspace") this.points.pop();
    else if (event.key === "Escape") this.points = [];
    else return;
    event.preventDefault();
    this.draw();
  }

  placed() {
    if (!this.name.reportValidity()) return;
    const at = [plain(this.cross.x), plain(this.cross.y)];
    if (this.what.value === "region") {
      this.add(this.row("regions", `seed_mm = [${at.join(", ")}]`));
      this.told(at);
    } else {
      this.points.push(at);
      this.said.textContent = count(this.points.length, "{n} corner", "{n} corners");
    }
    this.draw();
  }

  closed() {
    if (this.points.length < 3) {
      this.said.textContent = t("A border has at least three corners.");
      return;
    }
    const polygon = `polygon_mm = [${this.points.map((p) => `[${p.join(", ")}]`).join(", ")}]`;
    this.add(this.row(this.what.value === "mark" ? "marks" : "regions", polygon));
    this.told(this.points[0]);
    this.points = [];
    this.draw();
  }

  row(where, place) {
    const own = where === "marks" ? `offset_mm = 0.3\nrotation_deg = 1.5` : `surface = ${quoted(this.surface.value)}\naccept = 2.0\nreject = 3.0`;
    return `[[${where}]]\nname = ${quoted(this.name.value.trim())}\n${place}\n${own}\nclass = "major"`;
  }

  told([x, y]) {
    this.said.textContent = t("{name} at {x}, {y} mm is in the sheet. Measure again to see it.", { name: this.name.value.trim(), x, y });
    this.name.value = "";
  }

  draw() {
    if (!this.picture) return;
    const { x, y } = this.cross;
    const arm = this.picture.viewBox.baseVal.width / 30;
    this.close.hidden = this.what.value === "region";
    this.surface.disabled = this.what.value === "mark";
    this.picture.querySelector(".drawing").replaceChildren(
      svg("polyline", { class: "border", points: this.points.map((p) => p.join(",")).join(" ") }),
      svg("path", { class: "cross-halo", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }),
      svg("path", { class: "cross", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` }));
  }
}
