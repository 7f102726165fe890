// What is ugly on this page at this size, one line a place. See looks.py.
(asked) => {
  const lines = new Set();
  const chinese = document.documentElement.lang === "zh-Hant";
  const kept = asked.kept ? new RegExp(`^(${asked.kept})$`) : null;
  const root = document.querySelector("dialog[open]") ?? document.body;
  const place = (node) => {
    const path = [];
    for (let n = node; n && n !== document.body && path.length < 3; n = n.parentElement) path.unshift(n.localName + (n.id ? `#${n.id}` : "") + (n.getAttribute("class") ? `.${n.getAttribute("class").trim().replaceAll(/\s+/g, ".")}` : ""));
    return path.join(" > ");
  };
  const say = (what, node, more = "") => lines.add(`${what}: ${place(node)} ${more}`.trim());
  const seen = (node) => {
    const box = node.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest(".unseen, .skip, noscript");
  };
  /** Names, units and abbreviations stand as they are in any language. */
  const foreign = (text) => /[a-z]{3,}/.test(text) && !/[\u3400-\u9fff]/.test(text) && !kept?.test(text.trim());
  if (document.documentElement.scrollWidth > innerWidth) lines.add(`wider than the window: ${document.documentElement.scrollWidth}`);
  for (const node of root.querySelectorAll("*")) {
    if (node.localName === "option" || !seen(node)) continue;
    const style = getComputedStyle(node);
    const own = [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const text = own.map((child) => child.data).join(" ").trim();
    if (node instanceof HTMLElement) {
      const hides = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
      if (node.scrollWidth > node.clientWidth + 1 && node.clientWidth && (hides || (text && style.overflowX === "visible" && style.display !== "inline"))) say("cut", node, text.slice(0, 40));
      if (text && parseFloat(style.fontSize) && parseFloat(style.fontSize) < asked.text) say("small", node, `${style.fontSize} ${text.slice(0, 40)}`);
      const pressed = node.matches("button, select, summary, [role=button], input:not([type=checkbox], [type=radio], [type=range])") || (node.localName === "a" && style.display !== "inline");
      const { width, height } = node.getBoundingClientRect();
      if (pressed && Math.min(width, height) < asked.target - 0.5) say("hard to press", node, `${width.toFixed()} x ${height.toFixed()} ${text.slice(0, 40)}`);
    }
    if (!chinese || node.closest("[lang=en], code, pre, textarea, kbd")) continue;
    if (foreign(text)) say("English", node, text.slice(0, 60));
    for (const name of ["placeholder", "title", "aria-label", "alt"]) if (foreign(node.getAttribute(name) ?? "")) say("English", node, `${name} ${node.getAttribute(name).slice(0, 60)}`);
  }
  return [...lines];
}
