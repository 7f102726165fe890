// Tables of a control sheet in its text: where they stand, what they are called, which place they name; and the text with
// one of them or one corner of a border changed. Everything else in the text, comments too, stays as it was written.

const HEADER = /^[ \t]*\[\[?[ \t]*["'A-Za-z_]/;
const PLACED = /^[ \t]*\[\[[ \t]*(regions|marks|sizes)[ \t]*\]\]/;
const PLACES = ["seed", "polygon", "at", "to"];

export const plain = (v) => Number(v.toFixed(2));
export const point = ([x, y]) => `[${plain(x)}, ${plain(y)}]`;

/** The regions, marks and sizes of a sheet, in their order. start, end : of the table in the text.
 *  A place is in mm; pixels : a border in pixels as it is written, or null. */
export function tables(text) {
  const found = [];
  let at = 0;
  let open = null;
  for (const line of text.split(/(?<=\n)/)) {
    if (HEADER.test(line)) {
      if (open) open.end = at;
      const where = PLACED.exec(line)?.[1];
      open = where ? { where, start: at, end: text.length } : null;
      if (open) found.push(open);
    }
    at += line.length;
  }
  return found.map((table, index) => ({ ...table, index, ...read(text.slice(table.start, table.end)) }));
}

function read(own) {
  const get = (key) => value(own, key)?.raw ?? null;
  const table = { name: words(get("name")), feature: words(get("feature")), pixels: get("polygon_px") };
  for (const place of PLACES) table[place] = placed(numbers(get(`${place}_mm`)), place === "polygon");
  const unit = value(own, "nominal_deg") ? "deg" : "mm";
  table.unit = unit;
  for (const side of ["nominal", "plus", "minus"]) table[side] = get(`${side}_${unit}`);
  return table;
}

/** A key's value in the text of a table: where it stands, to the end of an array over several lines. */
function value(own, key) {
  const match = new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*`, "m").exec(own);
  if (!match) return null;
  const from = match.index + match[0].length;
  let to = from;
  if (own[from] === "[") {
    const bare = unremarked(own);
    for (let depth = 0; to < own.length; to += 1) {
      depth += bare[to] === "[" ? 1 : bare[to] === "]" ? -1 : 0;
      if (!depth) break;
    }
    to += 1;
  } else to += /^(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^#\n]*?)(?=[ \t]*(?:#|\r?\n|$))/.exec(own.slice(from))[0].length;
  return { line: match.index, from, to, raw: own.slice(from, to) };
}

function words(raw) {
  if (raw === null) return "";
  try {
    return raw.startsWith("'") ? raw.slice(1, -1) : String(JSON.parse(raw));
  } catch {
    return raw;
  }
}

/** The text of an array of numbers with its remarks as blanks, so that all stands where it stood. */
const unremarked = (text) => text.replace(/#[^\n]*/g, (remark) => " ".repeat(remark.length));

/** An array of numbers as TOML writes them, which is more freely than JSON does. */
function numbers(raw) {
  try {
    return raw === null ? null : JSON.parse(unremarked(raw).replace(/,\s*\]/g, "]").replace(/(?<=\d)_(?=\d)/g, "").replace(/\+(?=\d)/g, (sign, at, all) => (/[eE]/.test(all[at - 1]) ? sign : "")));
  } catch {
    return null;
  }
}

const isPlace = (v) => Array.isArray(v) && v.length === 2 && v.every(Number.isFinite);

/** A place, or a border's corners, where that is what the numbers are; else null, as while they are being written. */
const placed = (found, border) => ((border ? Array.isArray(found) && found.length && found.every(isPlace) : isPlace(found)) ? found : null);

/** The text with one key of a table set; with a place in mm its place in pixels goes. */
export function withKey(text, table, key, raw) {
  let own = text.slice(table.start, table.end);
  const pixels = key.endsWith("_mm") ? value(own, key.replace(/_mm$/, "_px")) : null;
  const there = value(own, key);
  if (there) own = own.slice(0, there.from) + raw + own.slice(there.to);
  else if (pixels) own = `${own.slice(0, pixels.line)}${key} = ${raw}${own.slice(pixels.to)}`;
  else {
    const name = value(own, "name");
    const after = name ? name.to : own.indexOf("\n");
    const line = after < 0 || own.indexOf("\n", after) < 0 ? own.length : own.indexOf("\n", after);
    own = `${own.slice(0, line)}\n${key} = ${raw}${own.slice(line)}`;
  }
  return text.slice(0, table.start) + own + text.slice(table.end);
}

// --- corners of a border: each is changed by itself, so that the others, the layout and remarks stay as they were -------

function corners(own) {
  const { from, raw } = value(own, "polygon_mm");
  return [...unremarked(raw).matchAll(/\[[^[\]]*\]/g)].map((m) => ({ from: from + m.index, to: from + m.index + m[0].length }));
}

/** The text with a change in a table: edit answers where it begins and ends there, and what comes in between. */
function within(text, table, edit) {
  const own = text.slice(table.start, table.end);
  const [from, to, raw] = edit(own, corners(own));
  return text.slice(0, table.start + from) + raw + text.slice(table.start + to);
}

export function withCorner(text, table, i, p) {
  return within(text, table, (own, at) => {
    const raw = own.slice(at[i].from, at[i].to);
    const [x, y] = [...unremarked(raw).matchAll(/[-+.\w]+/g)];
    return [at[i].from + x.index, at[i].from + y.index + y[0].length, `${plain(p[0])}${raw.slice(x.index + x[0].length, y.index)}${plain(p[1])}`];
  });
}

/** The text with one corner more, after another. */
export function withCornerAfter(text, table, i, p) {
  return within(text, table, (own, at) => {
    const [a, b] = i + 1 < at.length ? [at[i], at[i + 1]] : [at[i - 1], at[i]];
    const gap = unremarked(own.slice(a.to, b.from)).replace(/[ \t]+(?=\n)/g, "");
    return b === at[i + 1] ? [b.from, b.from, `${point(p)}${gap}`] : [b.to, b.to, `${gap}${point(p)}`];
  });
}

/** The text without a corner: with its line and the remark on that, where it has one of its own. */
export function withoutCorner(text, table, i) {
  return within(text, table, (own, at) => {
    const gap = i ? own.slice(at[i - 1].to, at[i].from) : "\n";
    if (gap.includes("\n") && i + 1 < at.length) return [at[i].from, at[i + 1].from, ""];
    const remark = /#[^\n]*/.exec(gap); // on the corner before the last
    return [at[i - 1].to, at[i].to, remark ? ` ${remark[0]}\n` : ""];
  });
}

/** The text without a table. Comments that lead to the next one stay. */
export function without(text, table) {
  const own = text.slice(table.start, table.end);
  const last = /\n(?=(?:[ \t]*#[^\n]*\n|[ \t]*\n)*$)/.exec(own);
  const tail = last && /#/.test(own.slice(last.index)) ? own.slice(last.index + 1).replace(/^\s*\n/, "") : "";
  const rest = text.slice(table.end);
  return `${text.slice(0, table.start).trimEnd()}\n${tail || rest.trim() ? "\n" : ""}${tail}${rest}`;
}
