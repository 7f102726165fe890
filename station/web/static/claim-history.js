// Everything that happened to a nonconformity, and what was said of one of its matters before: nothing is erased.

import { dayAndTime, el } from "./dom.js";
import { say } from "./messages.js";
import { alertUser, api, original, patiently, row, singly, table } from "./room.js";
import { named, t } from "./words.js";

const EVENTS = {
  drafted: t("drafted from the lot's data"), context: t("what the goods are for"), seen: t("seen and counted"), answer: t("answered"), class: t("classed"), ask: t("requested"), disposition: t("dispositions given"), cost: t("remedies priced"),
  sent: t("sent"), closed: t("closed"), record: t("a record of the factory"), cause: t("a cause of variance"), photo: t("photo put to it"), action: t("action agreed on"), due: t("action put off"), done: t("action done"),
  verified: t("action verified"), withdrawn: t("action taken back"), package: t("corrective package made"),
};

/** Everything that happened to it, fetched when it is unfolded. */
export function history({ number, points }) {
  const body = el("div", {});
  const folded = el("details", {}, el("summary", {}, t("Everything that was recorded")), body);
  const about = (event) => {
    const point = points.find((p) => p.item.key === event.item);
    return point ? t("point {n}", { n: point.number }) : event.number ? `${say("column.action")} ${event.number}` : "";
  };
  const said = (event) => [event.class ? named(event.class) : "", event.text, ...event.asks, event.seen?.name ?? "", event.photo_scale, event.due ?? ""].filter(Boolean).join(" · ");
  const show = singly(async () => {
    if (!folded.open || body.childElementCount) return;
    const found = await patiently(() => api.claimEvents(number));
    body.replaceChildren(table(t("Everything that was recorded"), [t("When"), t("What"), t("About"), t("Words"), t("Who")], found.map((event) => row(
      el("span", { class: "day" }, dayAndTime(event.at)), EVENTS[event.kind], about(event), original("td", {}, said(event)), event.by))));
  });
  folded.addEventListener("toggle", show);
  return folded;
}

/** All that was said of one kind, the newest first, fetched when it is opened. kind : of the events. about : what an
    event says, as the nodes of two cells. */
export function saidBefore(claim, kind, title, about) {
  const body = el("div", {}, el("p", { class: "none" }, t("Loading …")));
  const fill = async () => {
    const found = (await patiently(() => api.claimEvents(claim.number))).filter((e) => e.kind === kind).reverse();
    body.replaceChildren(found.length ? table(title, [t("When"), t("Said by"), t("What was said"), t("In these words")], found.map((e) => row(dayAndTime(e.at), e.by, ...about(e))))
      : el("p", { class: "none" }, t("Nobody has said anything of it yet.")));
  };
  return el("details", { on: { toggle: ({ target }) => { if (target.open) fill().catch(alertUser); } } }, el("summary", {}, title), body);
}
