// The help: found while one writes, the contents folded where the screen is narrow, and from page to page by key.

const by = (id) => document.getElementById(id);
const PAUSE_MS = 150; // after the last letter

const field = by("question");
const began = { address: location.href, title: document.title, nodes: [...by("content").childNodes] };
let timer;
let asked = field.value.trim();

if (matchMedia("(max-width: 900px)").matches) by("contents").open = false;
const list = document.querySelector(".contents");
const here = list.querySelector("[aria-current]");
// not scrollIntoView: the next press of Tab would go on from there and not from the top of the page
if (here) list.scrollTop += here.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;

function show(address, title, nodes) {
  by("content").replaceChildren(...nodes);
  document.title = title;
  history.replaceState(null, "", address);
  by("told").textContent = by("outcome")?.textContent ?? "";
}

async function find() {
  const question = field.value.trim();
  if (question === asked) return;
  asked = question;
  if (!question && !began.address.includes("?q=")) {
    show(began.address, began.title, began.nodes);
    return;
  }
  const address = question ? `/help?q=${encodeURIComponent(question)}` : "/help";
  try {
    const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
    if (asked === question) show(address, page.title, [...page.getElementById("content").childNodes]);
  } catch (error) {
    by("told").textContent = error.message;
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE_MS);
});
by("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  find().then(() => document.querySelector(".found a")?.focus());
});

const follow = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();
const KEYS = { "/": () => field.select(), j: () => follow("next"), k: () => follow("prev") };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select")) {
    if (event.key === "Escape" && event.target === field) field.blur();
    return;
  }
  const call = KEYS[event.key.toLowerCase()];
  if (!call) return;
  event.preventDefault();
  call();
});
