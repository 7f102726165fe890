// What this browser keeps for the pages: names, sizes, keys, what is written and not sealed. Its storage may be full or
// forbidden; then a page works with what it remembers itself, until it is left.

const remembered = new Map();

/** What is kept under a key; null where nothing is. */
export function recall(key) {
  try {
    return remembered.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text; whether the browser keeps it, which else is remembered until the page is left. */
export function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    remembered.delete(key);
    return true;
  } catch {
    remembered.set(key, text);
    return false;
  }
}

export function forget(key) {
  remembered.delete(key);
  try {
    localStorage.removeItem(key);
  } catch { /* nothing was kept */ }
}

/** All that is kept or remembered under keys that begin so: [key, text] of each. */
export function kept(prefix) {
  const found = (keys) => keys.filter((key) => key.startsWith(prefix)).map((key) => [key, recall(key)]).filter(([, text]) => text !== null);
  try {
    return found([...new Set([...remembered.keys(), ...Object.keys(localStorage)])]);
  } catch {
    return found([...remembered.keys()]);
  }
}
