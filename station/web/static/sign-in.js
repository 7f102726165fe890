// Signs in, or makes the first account with the token that stands behind the # of the address (never sent in a request line).

import { refusalText } from "./said.js";
import { t } from "./words.js";

const API = "/api/v1";
const by = (id) => document.getElementById(id);
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) history.replaceState(null, "", "/sign-in");

async function ask(path, options) {
  const answer = await fetch(API + path, options).catch(() => { throw new Error(t("The station does not answer. Try again when it does.")); });
  const body = await answer.json();
  if (!answer.ok) throw new Error(refusalText(body.error));
  return body;
}

const post = (path, body) => ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

async function start() {
  const { mode, name } = await ask("/session");
  if (mode === "single-user" || name) return location.replace("/");
  const first = mode === "first-run";
  if (first && !token) {
    by("said").textContent = t("Open the address that “station serve” printed.");
    return undefined;
  }
  by("first").hidden = !first;
  by("form").hidden = false;
  by("name").focus();
  by("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    by("said").textContent = "";
    const given = { name: by("name").value, password: by("password").value };
    try {
      if (first) await post("/accounts/first", { ...given, token });
      await post("/session", given);
      location.replace("/");
    } catch (error) {
      by("said").textContent = error.message;
      by("password").select();
    }
  });
  return undefined;
}

start().catch((error) => { by("said").textContent = error.message; });
