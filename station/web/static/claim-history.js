// What was said of a nonconformity before: nothing is erased, and what was said later stands above it.

import { dayAndTime, el } from "./dom.js";
import { alertUser, api, patiently, row, table } from "./room.js";
import { t } from "./words.js";

/** All that was said of one kind, the newest first, fetched when it is opened. kind : of the events. about : what an
    event says, as the nodes of two cells. */
export function history(claim, kind, title, about) {
  const body = el("div", {}, el("p", { class: "none" }, t("Loading …")));
  const fill = async () => {
    const found = (await patiently(() => api.claimEvents(claim.number))).filter((e) => e.kind === kind).reverse();
    body.replaceChildren(found.length ? table(title, [t("When"), t("Said by"), t("What was said"), t("In these words")], found.map((e) => row(dayAndTime(e.at), e.by, ...about(e))))
      : el("p", { class: "none" }, t("Nobody has said anything of it yet.")));
  };
  return el("details", { on: { toggle: ({ target }) => { if (target.open) fill().catch(alertUser); } } }, el("summary", {}, title), body);
}
