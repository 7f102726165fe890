// Tables of a control sheet in its text: where they stand, what they are called, which place they name; and the text with
// one of them changed. Everything else in the text, comments too, stays as it was written.

const HEADER = /^[ \t]*\[\[?[ \t]*["'A-Za-z_]/;
const PLACED = /^[ \t]*\[\[[ \t]*(regions|marks|sizes)[ \t]*\]\]/;
const PLACES = ["seed", "polygon", "at", "to"];

export const plain = (v) => Number(v.toFixed(2));
export const point = ([x, y]) => `[${plain(x)}, ${plain(y)}]`;

/** The regions, marks and sizes of a sheet, in their order. start, end : of the table in the text. A place is in mm. */
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
  const table = { name: words(get("name")), feature: words(get("feature")), pixels: Boolean(value(own, "polygon_px")) };
  for (const place of PLACES) table[place] = numbers(get(`${place}_mm`));
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
    for (let depth = 0; to < own.length; to += 1) {
      depth += own[to] === "[" ? 1 : own[to] === "]" ? -1 : 0;
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

function numbers(raw) {
  try {
    return raw === null ? null : JSON.parse(raw.replace(/#.*$/gm, "").replace(/,\s*\]/g, "]"));
  } catch {
    return null;
  }
}

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

/** The text without a table. Comments that lead to the next one stay. */
export function without(text, table) {
  const own = text.slice(table.start, table.end);
  const last = /\n(?=(?:[ \t]*#[^\n]*\n|[ \t]*\n)*$)/.exec(own);
  const tail = last && /#/.test(own.slice(last.index)) ? own.slice(last.index + 1).replace(/^\s*\n/, "") : "";
  const rest = text.slice(table.end);
  return `${text.slice(0, table.start).trimEnd()}\n${tail || rest.trim() ? "\n" : ""}${tail}${rest}`;
}
