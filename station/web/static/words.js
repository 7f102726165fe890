// The language of the page. A text stands in English where it is shown; its translation is looked up by it.

const { lang } = document.documentElement;
const ENGLISH = { texts: {}, names: {}, keyed: {} };

const file = (name, otherwise) => fetch(`/static/languages/${name}`).then((answer) => (answer.ok ? answer.json() : otherwise)).catch(() => otherwise);
const [{ texts, names, keyed }, sentences] = lang === "en" ? [ENGLISH, null]
  : await Promise.all([file(`${lang}.json`, ENGLISH), file(`sentences/${lang}`, null)]);

/** What the records say, as templates and words, for said.js; null in English. */
export { sentences };

/** Texts that have a key and not their English, by it; none in English. */
export { keyed };

/** For dates and times. */
export const LOCALE = lang === "en" ? "en-GB" : lang;

/** A text in the language of the page, with its values in the places of the names in braces. */
export const t = (text, values = {}) => (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** What stands between the parts of a list, and after what is named. */
export const COMMA = t(", ");
export const COLON = t(": ");

/** A word of a record: a verdict, a class, a kind. What a control sheet alone knows stays as it is. */
export const named = (word) => names[word] ?? sentences?.words.kind[word] ?? word;

/** What was done to a unit, by the decision. */
export const DONE = { accept: t("accepted"), reject: t("rejected"), defer: t("deferred"), undo: t("undone") };

/** One of two texts, for one thing and for several; both may name {n}. */
export const count = (n, one, several) => t(n === 1 ? one : several, { n });
