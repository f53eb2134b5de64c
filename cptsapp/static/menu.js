/* The groups of the gestion's menu stay as they were left on this browser. Run before the page is parsed: nothing is seen to move. */
(() => {
  "use strict";
  const PLACE = "menu";

  /** Return what was folded (false) or opened (true) by hand, by title. */
  function kept() {
    try { return JSON.parse(localStorage.getItem(PLACE)) || {}; } catch { return {}; }
  }

  const left = kept(), seen = new WeakSet();

  /** Each group is set as soon as it is parsed, and once. The one of the page is open, whatever was left. */
  function restore() {
    for (const group of document.querySelectorAll("details[data-group]")) {
      if (seen.has(group)) continue;
      seen.add(group);
      if (group.dataset.here === undefined) group.open = left[group.dataset.group] ?? group.open;
    }
    if (document.querySelector("main")) watch.disconnect();
  }

  const watch = new MutationObserver(restore);
  if (Object.keys(left).length) watch.observe(document, { childList: true, subtree: true });

  /* A click, by mouse or by key, is somebody's choice; what a search in the page opens is not. */
  document.addEventListener("click", (event) => {
    const group = event.target.closest("details[data-group] > summary")?.parentElement;
    if (!group) return;
    try {
      localStorage.setItem(PLACE, JSON.stringify({ ...kept(), [group.dataset.group]: !group.open }));
    } catch { /* a browser that keeps nothing shows the menu as it first was */ }
  });

  /* The panel of a phone opens on the place where one is; app.js does it for the menu that is always there. */
  document.addEventListener("toggle", (event) => {
    if (event.target.popover && event.newState === "open") event.target.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, true);
})();
