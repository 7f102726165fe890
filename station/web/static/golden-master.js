// A master over its picture: regions outlined and named, marks dashed, enamel of no region hatched. In millimetres of the
// golden frame; the list beside it and the picture point at each other.

import { el, svg } from "./dom.js";
import { row, table } from "./room.js";
import { COMMA, named, t } from "./words.js";

const ring = (points) => `M${points.map((p) => p.join(" ")).join("L")}Z`;
const number = (value, digits) => value.toFixed(digits).replace("-", "−");

/** The picture of a master. chosen : hears which region was pointed at. lifted : the names stand over the middle of
    their regions, where points of the sheet are drawn. */
export function masterPicture(master, address, { chosen = () => {}, lifted = false } = {}) {
  const { pitch_mm: pitch, width, height, origin_px: [ox, oy] } = master.frame;
  const box = { x: (-0.5 - ox) * pitch, y: (-0.5 - oy) * pitch, w: width * pitch, h: height * pitch };
  const size = Math.max(box.w, box.h) / 36;
  const regions = master.regions.map((r) => svg("path", { class: "region", "fill-rule": "evenodd", d: r.rings.map(ring).join(""), "data-region": r.name,
    on: { click: () => chosen(r.name) } }, svg("title", {}, r.name)));
  const names = master.regions.map((r) => {
    const wide = 0.62 * size * [...r.name].reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f ? 1.6 : 1), 0) + size * 0.6;
    const up = lifted ? 1.7 * size : 0;
    return svg("g", { class: "plate", transform: `translate(${r.centre_mm[0]} ${r.centre_mm[1]})`, "data-region": r.name },
      svg("rect", { x: -wide / 2, y: -size * 0.72 - up, width: wide, height: size * 1.44, rx: size * 0.25 }),
      svg("text", { "text-anchor": "middle", y: size * 0.36 - up, "font-size": size }, r.name));
  });
  return svg("svg", { class: "master", viewBox: `${box.x} ${box.y} ${box.w} ${box.h}`, role: "img",
    "aria-label": t("The golden sample with its regions: {names}", { names: master.regions.map((r) => r.name).join(COMMA) || t("none") }) },
  svg("defs", {}, svg("pattern", { id: "hatch", width: size * 0.5, height: size * 0.5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { class: "hatch", width: size * 0.16, height: size * 0.5 }))),
  svg("image", { href: address, ...{ x: box.x, y: box.y, width: box.w, height: box.h }, preserveAspectRatio: "none" }),
  svg("path", { class: "bare", "fill-rule": "evenodd", fill: "url(#hatch)", d: master.bare.map(ring).join("") }),
  svg("path", { class: "struck", d: [master.outline_mm, ...master.holes_mm].map(ring).join("") }),
  regions, master.marks.map((m) => svg("path", { class: "mark-outline", d: ring(m.polygon_mm) }, svg("title", {}, m.name))),
  svg("g", { class: "plates" }, names), svg("g", { class: "drawing" }));
}

/** Keep names and hatching as large as they are, of a picture of which a share fills its place. */
export function keepLegible(picture, share) {
  picture.style.setProperty("--share", share);
  picture.querySelector("#hatch").setAttribute("patternTransform", `rotate(45) scale(${share})`);
}

/** Make one region stand out in a picture, or none. */
export function point(picture, name) {
  for (const node of picture.querySelectorAll("[data-region]")) node.classList.toggle("chosen", node.dataset.region === name);
}

const lab = (r) => (r.lab ? r.lab.map((v) => number(v, 1)).join(" / ") : t("not told"));

export function drawMaster(body, master, address) {
  let chosen = null;
  const buttons = new Map(master.regions.map((r) => [r.name, el("button", { type: "button", class: "quiet", "aria-pressed": "false", lang: "", on: { click: () => choose(r.name) } }, r.name)]));
  const picture = masterPicture(master, address, { chosen: (name) => choose(name) });
  function choose(name) {
    chosen = chosen === name ? null : name;
    for (const [of, button] of buttons) button.setAttribute("aria-pressed", String(of === chosen));
    point(picture, chosen);
  }
  const rows = master.regions.map((r) => row(buttons.get(r.name), named(r.surface), el("td", { class: "numbers" }, lab(r)),
    el("td", { class: "numbers" }, r.lab ? number(r.u_lab, 2) : "–"), el("td", { class: "numbers" }, number(r.area_mm2, 1))));
  body.replaceChildren(el("div", { class: "beside" }, el("figure", { class: "on-grey" }, picture), el("div", {},
    master.regions.length ? table(t("Regions"), [t("Region"), t("Surface"), "L* / a* / b*", "± CIEDE2000 (k = 2)", t("Area, mm²")], rows)
      : el("p", { class: "none" }, t("The control sheet names no regions: no colour is judged.")),
    master.marks.length ? el("p", {}, el("b", {}, t("Marks: ")), master.marks.map((m) => m.name).join(COMMA)) : "",
    master.bare.length ? el("p", {}, el("span", { class: "hatched", "aria-hidden": "true" }), " ", t("Hatched: enamel that no region covers; its colour is not judged.")) : "",
    el("p", { class: "u" }, t("Scale by {scale}, {pitch} mm a pixel; noise {noise} %.", {
      scale: named(master.scale_source), pitch: number(master.frame.pitch_mm, 4), noise: number(100 * master.noise, 2) })))));
}
