// A photo of one's own at a point of a nonconformity: chosen, dropped on its form or pasted into it, with what shows its
// size; kept as evidence, it stands with its caption in the place of the station's picture.

import { saying } from "./claim-forms.js";
import { badge, el } from "./dom.js";
import { field, file, given, held, words } from "./form-parts.js";
import { api } from "./room.js";
import { t } from "./words.js";

const SHOWN_PX = 1024;
const PREVIEW_PX = 240;
const CARD = "colour card"; // what the station writes where it finds one
const SCALES = [t("calliper"), t("ruler"), t("pull gauge"), t("colour card")];

/** The photo with its caption, "" where there is none. */
export function ownPhoto({ number, photo_sha256: photo, photo_scale: scale }) {
  if (!photo) return "";
  return el("figure", { class: "own-photo" },
    el("a", { href: api.picture(photo), target: "_blank" }, el("img", { src: `${api.picture(photo)}?width=${SHOWN_PX}`, alt: t("Photo of point {n}", { n: number }), class: "point-photo" })),
    el("figcaption", {}, scale ? t("Its size is shown by: {scale}", { scale: scale === CARD ? t("colour card") : scale }) : badge("undecided", t("without a scale: evidence of what is wrong, of no size"))));
}

/** The form that puts a photo to a point, folded away. name : of the point, in the language of the page. */
export function photoForm(at, { number, photo_sha256: before }, name) {
  const photo = file({ required: true, accept: "image/*" });
  const scale = words({ required: false, list: `scales-${number}` });
  const told = el("p", { role: "status", class: "u" });
  const preview = el("canvas", { class: "preview", role: "img", "aria-label": t("The photo that is chosen"), hidden: true });
  const called = `${t("Point {n}:", { n: number })} ${name}`;
  const sent = saying(at, "photos", t("Put it to the point"), [
    field(t("Photo"), photo), field(t("What shows its size"), scale), el("datalist", { id: `scales-${number}` }, SCALES.map((value) => el("option", { value }))),
    el("p", { class: "u" }, t("Or drop it here, or paste it with Ctrl+V. A colour card in it is found by itself; without a scale it is evidence of no size.")), told, preview,
  ], async () => ({ point: number, photo: await given(photo), scale: held(scale) }), { called });
  photo.addEventListener("change", () => draw(photo.files[0], preview));
  const title = before ? t("Another photo in its place") : t("Add a photo of your own");
  return taking(el("details", {}, el("summary", { "aria-label": `${title}: ${called}` }, title), sent), photo, told);
}

/** Draw what is chosen, small; nothing where this browser cannot decode it, as HEIC. */
async function draw(chosen, canvas) {
  canvas.hidden = true;
  const picture = chosen && await createImageBitmap(chosen).catch(() => null);
  if (!picture) return;
  const scale = Math.min(1, PREVIEW_PX / Math.max(picture.width, picture.height));
  Object.assign(canvas, { width: Math.max(1, picture.width * scale), height: Math.max(1, picture.height * scale), hidden: false });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
}

const carried = (event) => event.dataTransfer.types.includes("Files");

/** Let a file be dropped on the unfolded form, or on its title, or pasted into it; a point has one photo. */
function taking(zone, input, told) {
  const take = (event, files) => {
    if (!files.length) return;
    event.preventDefault();
    const one = new DataTransfer();
    one.items.add(files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change"));
    zone.open = true;
    told.textContent = files.length > 1 ? t("A point has one photo: {name} is taken.", files[0]) : t("Taken: {name}", files[0]);
  };
  const marked = (on) => zone.classList.toggle("dropping", on);
  zone.addEventListener("dragover", (event) => {
    if (!carried(event)) return;
    event.preventDefault();
    marked(true);
  });
  zone.addEventListener("dragleave", (event) => { if (!zone.contains(event.relatedTarget)) marked(false); });
  zone.addEventListener("drop", (event) => {
    marked(false);
    take(event, event.dataTransfer.files);
  });
  zone.addEventListener("paste", (event) => take(event, event.clipboardData.files));
  return zone;
}

/** A file that misses its place would be shown in the place of the page, and what is written there lost. */
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => { if (carried(event) && !event.target.closest?.("input[type=file]")) event.preventDefault(); });
}
