// The head of every page: the language, and the keys shown with ?.

import { recall } from "./storage.js";

const language = document.getElementById("language");
const keys = document.getElementById("help");

/** Whether a key pressed there is meant for what is written. */
const writing = (target) => target.closest("select, textarea, input:not([type=radio])") !== null;

language.addEventListener("change", () => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `station_language=${language.value}; Path=/; Max-Age=31536000; SameSite=Strict${secure}`;
  location.reload();
});

// the tour of the sample data goes from page to page; this browser remembers where it is
const tour = (step) => import("./tour.js").then((found) => found.tour(step));
if (recall("station.tour") !== null) tour(null);
for (const button of document.querySelectorAll("[data-tour]")) button.addEventListener("click", () => tour(0));

document.getElementById("help-open").addEventListener("click", () => keys.showModal());
addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  keys.showModal();
});
