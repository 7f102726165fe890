// What others do while the review page is open: newly inspected units and decided ones take their places in the queue, and
// what is shown stays where it is.

import { api } from "./api.js";
import { person } from "./claims.js";
import { byId } from "./dom.js";
import { gathered } from "./live.js";
import { before, inForce } from "./second-look.js";

const MANY = 25; // units that are asked for one by one
const TOGETHER_MS = 150;

/** For the order of the settled: what is on its way will be the newest. */
const newest = (unit) => (unit.pending ? Number.MAX_SAFE_INTEGER : unit.review.id);

/** What the page does at each event. page: {state, outbox, claims, queue, course, tally, fetched, lotChosen(), refresh(), drawQueue(follow), show(unit, byItself), showReviews(), reconsider()} */
export function hearing(page) {
  const { state, outbox, claims, lotChosen, refresh } = page;
  const me = () => byId("reviewer").value;

  function place(unit) {
    unit.pending = outbox.pending(unit.id);
    if (unit.pending) return; // what is on its way counts as done
    const again = (u) => unit.sha256 !== undefined && u.sha256 === unit.sha256 && u.golden === unit.golden && u.golden_version === unit.golden_version && u.lot === unit.lot;
    const others = (list) => list.filter((u) => u.id !== unit.id && !(u.id < unit.id && again(u)));
    [state.waiting, state.settled] = [others(state.waiting), others(state.settled)];
    if (state.unit?.id === unit.id) state.unit = unit;
    if ((unit.verdict === "conforms" && unit.standing !== "undecided") || (lotChosen() && unit.lot !== lotChosen())) return;
    const review = inForce(unit);
    if (["accept", "reject"].includes(review?.decision) && !review.disputes) {
      state.settled = [unit, ...state.settled].sort((a, b) => newest(b) - newest(a));
    } else if (byId("which").value === "" || review?.disputes || review?.decision === "defer") {
      const index = state.waiting.findIndex((u) => before(unit, u, me()) < 0);
      state.waiting.splice(index < 0 ? state.waiting.length : index, 0, unit);
    }
  }

  /** Put units where they belong as they stand by now. */
  const arrived = gathered(async (ids) => {
    const wanted = [...new Set(ids)];
    if (wanted.length > MANY) return refresh();
    const current = (view) => view && (view.review?.id ?? 0) >= (page.queue.units.get(view.id)?.review?.id ?? 0); // else a later answer came first
    const views = (await Promise.all(wanted.map((id) => api.unit(id).catch(() => null)))).filter(current);
    const found = views.map((view) => Object.assign(page.queue.learn(view), { review: view.review, overtaken: view.overtaken }));
    found.forEach(place);
    page.drawQueue(false);
    if (!state.unit) return state.awaited ? undefined : page.show(page.course.first(), true);
    const shown = found.find((u) => u.id === state.unit.id);
    if (!shown) return undefined;
    const { review } = shown;
    if (review && review.id > (state.reviews.at(-1)?.id ?? 0) && person(review.reviewer) !== person(me())) state.news = review;
    return page.showReviews();
  }, TOGETHER_MS);

  /** Whether the page has a review already: it is its own. */
  const known = (id, review) => page.course.unit(id)?.review?.id >= review;

  return {
    arrived,
    place,
    claims: (data) => claims.hear(data.claims),
    "unit-inspected": ({ rows }) => arrived(...(rows.units ?? [])),
    "picture-presented-again": ({ rows }) => arrived(...(rows.units ?? [])),
    "unit-reviewed": ({ about: { unit: id }, rows }) => { if (!known(id, rows.reviews?.[0])) arrived(id); },
    "values-entered": () => page.reconsider(),
    "rig-calibrated": () => page.fetched.forgetSources(),
    "light-checked": () => page.fetched.forgetSources(),
    "lot-decided": () => refresh(),
    deaf() { state.deaf = true; },
    hearing() { state.deaf = false; },
    opened: () => refresh(),
    progress({ lot, waiting }) {
      const option = [...byId("lot").options].find((o) => o.value === lot);
      if (option) option.textContent = waiting ? `${lot} (${waiting})` : lot;
      page.tally.soon(lot);
    },
  };
}
