// Jobs: what takes longer than a request. Files are handed in one after another, then the job is watched to its end.

import { Refusal } from "./api.js";
import { byId, el } from "./dom.js";
import { alertUser, api, patiently, refusal } from "./room.js";
import { t } from "./words.js";

const EVERY_MS = 350;
const STEPS = { reading: t("reading the pictures"), measuring: t("measuring"), placing: t("laying further photos over it"), keeping: t("writing"), rendering: t("rendering defects and looking for them"),
  lens: t("calibrating the lens"), light: t("calibrating the light"), sealing: t("sealing the golden sample"), inspecting: t("inspecting"), deciding: t("deciding the lot") };

/** Hand in files; `tell` hears how many are there. Answers their ids in order. */
export async function handIn(files, tell = () => {}) {
  const ids = [];
  for (const file of files) {
    tell(ids.length, files.length);
    ids.push((await patiently(() => api.upload(file))).id);
  }
  return ids;
}

/** A line that shows how far something is, with a button to stop it where `stop` is given. */
export class ProgressLine {
  constructor() {
    this.bar = el("progress", { max: 1, value: 0, "aria-label": t("Progress") });
    this.words = el("span", { role: "status" });
    this.button = el("button", { type: "button", class: "quiet", hidden: true }, t("Stop"));
    this.node = el("p", { class: "progress-line", hidden: true }, this.bar, this.words, this.button);
  }

  tell(words, done, of) {
    this.node.hidden = false;
    if (of) Object.assign(this.bar, { max: of, value: done });
    else this.bar.removeAttribute("value");
    this.words.textContent = of > 1 ? `${words} ${done} / ${of}` : words;
  }

  end(words = "") {
    this.button.hidden = true;
    this.bar.hidden = !words ? false : true;
    this.words.textContent = words;
    this.node.hidden = !words;
  }
}

/** Watch a job to its end and answer its result; null where it was stopped. A failure is thrown as a refusal. */
export async function watch(asked, line) {
  let job = asked;
  line.bar.hidden = false;
  line.button.hidden = !["capability", "sample"].includes(asked.kind);
  line.button.onclick = () => api.stop(job.id).catch(alertUser);
  while (!job.ended_at) {
    line.tell(job.state === "waiting" ? t("waiting for its turn") : STEPS[job.step] ?? job.step, job.done, job.of);
    await new Promise((done) => setTimeout(done, EVERY_MS));
    job = await patiently(() => api.job(asked.id));
  }
  line.end();
  if (job.error) throw new Refusal(422, { code: job.error.code, message: job.error.message, do: job.error.do });
  return job.state === "stopped" ? null : job;
}

/** Run what a button asks for: busy meanwhile, a refusal said where the page says them. */
export async function busy(button, line, work) {
  button.disabled = true;
  try {
    return await work();
  } catch (error) {
    line.end();
    alertUser(error);
    byId("alerts").scrollIntoView({ block: "nearest" });
    return null;
  } finally {
    button.disabled = false;
  }
}

export const refusalOf = (error) => refusal("p", {}, error);
