// The API as the page uses it. A refusal carries what is wrong and what to do; a station that is gone is told apart.

const API = "/api/v1";
const BUSY_S = 30; // where the station does not say how long

/** wait_s: how long to wait before asking again may help, 0 where it does not. */
export class Refusal extends Error {
  constructor(status, { code, message, do: then }, wait_s = 0) {
    super(message);
    Object.assign(this, { status, code, do: then, wait_s });
  }
}

/** The station does not answer, or cannot now: asking again later makes sense. */
export class Unreachable extends Error {}

const running = new Set(); // what is not answered yet
const LONGEST_MS = 3000; // that signing out waits for it
let leaving = null; // while the session is being ended: settles where that failed

/** Ask the station; while the session is being ended nothing is asked any more, so that nothing is refused for want of it. */
function ask(...request) {
  return awaited(leaving ? leaving.then(() => asked(...request)) : asked(...request));
}

function awaited(answer) {
  running.add(answer);
  const ended = () => running.delete(answer);
  answer.then(ended, ended);
  return answer;
}

/** End the session when what is under way is answered. */
async function signOut() {
  let stay;
  const before = Promise.allSettled(running);
  leaving = new Promise((settle) => { stay = settle; });
  await Promise.race([before, new Promise((settle) => { setTimeout(settle, LONGEST_MS); })]);
  try {
    return await asked("/session", { method: "DELETE" }, async () => true);
  } catch (error) {
    leaving = null;
    stay();
    throw error;
  }
}

async function asked(path, options = {}, read = (answer) => answer.json()) {
  const request = new Request(API + path, { signal: AbortSignal.timeout(15000), ...options }); // what cannot be asked is a fault, no silence
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    throw new Unreachable(error.message);
  }
  const body = await (answer.ok ? read(answer) : answer.json()).catch(() => null);
  if (answer.ok && body !== null) return body;
  if (answer.status === 401) location.assign("/sign-in"); // what is on its way is kept, and sent after signing in
  if (body?.error?.code === "being-done") throw new Unreachable(body.error.message); // sent again: the first one still runs
  if (body?.error?.code === "device") throw new Refusal(answer.status, body.error); // somebody has to see to the camera
  if (answer.status === 429 && body?.error) throw new Refusal(429, body.error, Number(answer.headers.get("Retry-After")) || BUSY_S);
  if (answer.status >= 500 || [401, 429].includes(answer.status) || body === null) throw new Unreachable(body?.error?.message ?? `HTTP ${answer.status}`);
  throw new Refusal(answer.status, body.error);
}

const part = encodeURIComponent;
const patient = () => ({ signal: AbortSignal.timeout(120000) }); // what is computed anew over a whole lot

/** Every item of a list that comes page by page. */
async function whole(path) {
  const items = [];
  for (let cursor = null; ;) {
    const page = await ask(path + (cursor ? `?cursor=${part(cursor)}` : ""), patient());
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = page.next;
  }
}

export const api = {
  benches: () => ask("/bench"),
  lots: () => ask("/lots", patient()),
  lot: (lot) => ask(`/lots/${part(lot)}`, patient()),
  columns: (lot, settled, secondLook = false) => ask(`/queue/columns?settled=${settled}&second_look=${secondLook}${lot ? `&lot=${part(lot)}` : ""}`, patient()),
  some: (ids) => ask(`/queue/units?${ids.map((id) => `unit=${id}`).join("&")}`),
  layers: (id) => ask(`/units/${id}/layers`),
  sources: (id) => ask(`/units/${id}/sources`, patient()),
  claims: () => ask("/claims"),
  claim: (id, body) => ask(`/units/${id}/claim`, { method: "PUT", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  release: (id, window) => awaited(fetch(`${API}/units/${id}/claim?window=${part(window)}`, { method: "DELETE", keepalive: true })),
  document: (id) => ask(`/units/${id}/document`),
  reviews: (id) => ask(`/units/${id}/reviews`),
  findings: (id) => ask(`/units/${id}/findings`),
  golden: (number, version) => ask(`/goldens/${part(number)}?version=${version}`),
  frame: (number, version) => ask(`/goldens/${part(number)}/frame?version=${version}`),
  tally: (lot, size) => ask(`/lots/${part(lot)}/tally${size ? `?size=${size}` : ""}`, patient()),
  decide: (lot, size, pin, key) => post(`/lots/${part(lot)}/decisions`, { size }, { ...signed(pin), ...once(key) }, AbortSignal.timeout(900000)),
  unit: (id) => ask(`/units/${part(id)}`),
  map: (lot) => ask(`/lots/${part(lot)}/map`, patient()),
  density: (lot, kind) => `${API}/lots/${part(lot)}/density?kind=${part(kind)}`,
  explanation: (lot) => ask(`/lots/${part(lot)}/explanation`, patient()),
  counted: (lot) => ask(`/lots/${part(lot)}/counted`, patient()),
  drawSample: (lot, body, pin, key) => post(`/lots/${part(lot)}/draws`, body, { ...signed(pin), ...once(key) }, AbortSignal.timeout(120000)),
  picks: (lot, form) => `${API}/lots/${part(lot)}/picks?form=${form}`,
  draw: (lot) => ask(`/lots/${part(lot)}/draw`),
  pulled: (lot) => ask(`/lots/${part(lot)}/pulled`),
  report: (lot, language, form) => `${API}/lots/${part(lot)}/report?language=${language}&form=${form}`,
  orders: () => whole("/orders"),
  openOrder: (body, key) => post("/orders", body, once(key)),
  ofOrder: ({ record }, what, body, pin, key) => post(`/orders/${part(record.order)}/${what}?sku=${part(record.sku)}`, body, { ...signed(pin), ...once(key) }, AbortSignal.timeout(120000)),
  firstArticle: ({ record }, language) => `${API}/orders/${part(record.order)}/first-article/paper?sku=${part(record.sku)}&language=${language}&form=pdf`,
  acknowledge: (number, body, key) => post(`/goldens/${part(number)}/acknowledgements`, body, once(key)),
  nonconformities: () => whole("/nonconformities"),
  claimOf: async (lot) => (await ask(`/nonconformities?lot=${part(lot)}`, patient())).items[0] ?? null,
  recordFile: (number, sha256) => `${API}/nonconformities/${part(number)}/records/${sha256}`,
  sourcingRisk: (golden, version) => ask(`/sourcing-risk?golden=${part(golden)}&version=${version}`, patient()),
  draftClaim: (body, key) => post("/nonconformities", body, once(key), AbortSignal.timeout(120000)),
  ofClaim: (number, what, body, pin, key) => post(`/nonconformities/${part(number)}/${what}`, body, { ...signed(pin), ...once(key) }, AbortSignal.timeout(120000)),
  claimWords: (number, language) => ask(`/nonconformities/${part(number)}/words?language=${language}`, patient()),
  claimEvents: (number) => whole(`/nonconformities/${part(number)}/events`),
  reorder: (sku) => ask(`/reorder?sku=${part(sku)}`, patient()),
  kinds: (language) => ask(`/nonconformity-kinds?language=${language}`),
  claimPaper: (number, what, language, internal = false) => `${API}/nonconformities/${part(number)}/${what}?language=${language}${internal ? "&internal=true" : ""}`,
  jobFile: (id) => `${API}/jobs/${part(id)}/file`,
  actions: () => whole("/corrective-actions"),
  goldens: () => ask("/goldens"),
  statuses: () => whole("/sign-offs"),
  master: (number, version) => ask(`/goldens/${part(number)}/master?version=${version}`, patient()),
  limits: (number, version) => ask(`/goldens/${part(number)}/limits?version=${version}`, patient()),
  record: (number) => ask(`/goldens/${part(number)}/record`, patient()),
  checklist: (number) => ask(`/goldens/${part(number)}/checklist`, patient()),
  sheet: (number, version) => ask(`/goldens/${part(number)}/sheet?version=${version}`, {}, (answer) => answer.text()),
  paper: (number, kind, language, form) => `${API}/goldens/${part(number)}/paper?kind=${kind}&language=${language}&form=${form}`,
  sign: (number, body, pin, key) => post(`/goldens/${part(number)}/sign-offs`, body, { ...signed(pin), ...once(key) }),
  openItem: (number, text, by, key) => post(`/goldens/${part(number)}/items`, { text, by }, once(key)),
  settleItem: (number, item, how, by, key) => post(`/goldens/${part(number)}/items/settled`, { item, how, by }, once(key)),
  lint: (sheet) => post("/sheets/lint", { sheet }),
  template: (kind) => ask(`/sheets/templates/${part(kind)}`, {}, (answer) => answer.text()),
  draft: (body, key) => post("/goldens/drafts", body, once(key)),
  seal: (body, pin, key) => post("/goldens", body, { ...signed(pin), ...once(key) }),
  study: (number, body, key) => post(`/goldens/${part(number)}/capability`, body, once(key)),
  drift: (rig) => ask(`/bench/${part(rig)}/drift`),
  driftBounds: () => ask("/drift-bounds"),
  cardResiduals: (rig) => ask(`/bench/${part(rig)}/card`, patient()),
  addRig: (rig, key) => post("/rigs", { rig }, once(key)),
  calibrateLens: (rig, body, key) => post(`/bench/${part(rig)}/lens`, body, once(key)),
  calibrateLight: (rig, body, key) => post(`/bench/${part(rig)}/light`, body, once(key)),
  checkLight: (rig, body, key) => post(`/bench/${part(rig)}/checks`, body, once(key)),
  streams: () => whole("/streams"),
  streamEvents: (name) => whole(`/streams/${part(name)}/events`),
  nextLot: (name, size) => ask(`/streams/${part(name)}/next?size=${size}`),
  streamWord: (name, body, key) => post(`/streams/${part(name)}/words`, body, once(key)),
  openStream: (body, key) => post("/streams", body, once(key)),
  camera: () => ask("/camera", patient()),
  look: (query) => ask(`/camera/view?${new URLSearchParams(query)}`, patient()),
  lookPicture: (frame, zebra) => `${API}/camera/view/${frame}?zebra=${zebra}`,
  capture: (body, key) => post("/camera/captures", body, once(key), AbortSignal.timeout(600000)),
  inspect: (file, query) => ask(`/inspections?${new URLSearchParams({ photo: plainName(file.name), ...query })}`, pictureOf(file)),
  rigs: () => ask("/rigs"),
  job: (id) => ask(`/jobs/${part(id)}`),
  stop: (id) => post(`/jobs/${part(id)}/stop`, {}),
  jobPicture: (id) => `${API}/jobs/${part(id)}/picture`,
  upload: (file) => ask(`/uploads?name=${part(plainName(file.name))}`, pictureOf(file)),
  sampleOffer: () => ask("/sample-line"),
  layOutSamples: (pin, key) => post("/sample-line", {}, { ...signed(pin), ...once(key) }),
  session: () => ask("/session"),
  signOut,
  review: (id, body, key) => post(`/units/${id}/reviews`, body, { "Idempotency-Key": key }),
  answer: (id, number, body, key) => post(`/units/${id}/findings/${number}/reviews`, body, { "Idempotency-Key": key }),
  picture: (sha256) => `${API}/pictures/${sha256}`,
};

/** With its key a request that is sent again is done once. */
const once = (key) => ({ "Idempotency-Key": key });

const signed = (pin) => (pin ? { "Station-PIN": pin } : {});

/** A picture as the body of a request. */
const pictureOf = (file) => ({ method: "POST", body: file, headers: { "Content-Type": file.type.startsWith("image/") ? file.type : "application/octet-stream" }, signal: AbortSignal.timeout(600000) });

const NAME_BYTES = 200;

/** A file's name as the records take it; of a long one its end. */
function plainName(name) {
  let plain = name.normalize("NFC").replace(/[^\p{L}\p{N}_ .()+-]/gu, "-").slice(-100);
  while (new TextEncoder().encode(plain).length > NAME_BYTES) plain = [...plain].slice(1).join("");
  return plain.replace(/^[^\p{L}\p{N}_]+/u, "") || "picture";
}

function post(path, body, headers = {}, signal = AbortSignal.timeout(15000)) {
  return ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers }, signal });
}
