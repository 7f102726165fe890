// What happens at the station while the page is open. The windows of a browser share one stream of events, since a browser
// opens few connections to one address: the window that has the lock listens and tells the others.

const NAME = "station.events";
const TOLD = ["unit-inspected", "picture-presented-again", "unit-reviewed", "values-entered", "rig-calibrated", "light-checked", "lot-decided", "progress", "claims"];
const AGAIN_MS = 30000;
const OPEN_MS = 1500; // a page does not wait longer for the stream before it shows something

/** Hear events by their name; `opened` where some may have been missed, `deaf` and `hearing`
 * where the stream breaks and is back. Settles when the stream is open, or another window has it. */
export function listen(heard) {
  const others = new BroadcastChannel(NAME);
  others.addEventListener("message", ({ data }) => heard(data.name, data.data));
  const tell = (name, data) => {
    heard(name, data);
    others.postMessage({ name, data });
  };
  return new Promise((ready) => {
    setTimeout(ready, OPEN_MS);
    if (!navigator.locks) return lead(tell, ready);
    navigator.locks.request(NAME, { ifAvailable: true }, (lock) => {
      if (lock) return lead(tell, ready);
      ready();
      // the window that listens may be closed: then this one follows, and what was told in between is read anew
      navigator.locks.request(NAME, () => lead(tell, () => tell("opened", null)));
      return undefined;
    }).catch(() => lead(tell, ready)); // forbidden with the storage: each window listens for itself
    return undefined;
  });
}

/** Listen for as long as the window is there. */
function lead(tell, ready) {
  const source = new EventSource("/api/v1/events");
  let before = false;
  source.addEventListener("open", () => {
    tell("hearing", null);
    if (before) tell("claims", { claims: [] }); // told next, where there are any
    else ready();
    before = true;
  });
  source.addEventListener("error", () => {
    tell("deaf", null);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => lead(tell, () => tell("opened", null)), AGAIN_MS); // refused, not interrupted
  });
  for (const name of TOLD) source.addEventListener(name, (event) => tell(name, JSON.parse(event.data)));
  return new Promise(() => {});
}

/** Call with all that came within a moment, once. */
export function gathered(call, wait) {
  let found = [];
  return (...items) => {
    if (!found.length) setTimeout(() => { const all = found; found = []; call(all); }, wait);
    found.push(...items);
  };
}

/** Draw a list anew without moving what is seen of it. */
export function steadily(list, draw) {
  const top = list.getBoundingClientRect().top;
  const entries = [...list.querySelectorAll("[data-unit]")];
  const seen = entries.find((entry) => entry.getBoundingClientRect().bottom > top);
  const before = seen?.getBoundingClientRect().top;
  draw();
  const after = seen && list.querySelector(`[data-unit="${seen.dataset.unit}"]`);
  if (after) list.scrollTop += after.getBoundingClientRect().top - before;
}
