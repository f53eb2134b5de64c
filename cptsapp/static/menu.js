/* The groups of the gestion's menu stay as they were left on this browser. Run before the page is parsed: nothing is seen to move. */
(() => {
  "use strict";
  const PLACE = "menu";

  /** Return the titles of the groups opened by hand. */
  function opened() {
    try { return new Set(JSON.parse(localStorage.getItem(PLACE))); } catch { return new Set(); }
  }

  /* A group is opened as soon as it is parsed, before any picture of it. The one of the page is open already. */
  const left = opened();
  const watch = new MutationObserver(() => {
    for (const group of document.querySelectorAll("details[data-group]")) group.open ||= left.has(group.dataset.group);
    if (document.querySelector("main")) watch.disconnect();
  });
  if (left.size) watch.observe(document, { childList: true, subtree: true });

  /* A click, by mouse or by key, is somebody's choice; what a search in the page opens is not. */
  document.addEventListener("click", (event) => {
    const group = event.target.closest("details[data-group] > summary")?.parentElement;
    if (!group) return;
    const titles = opened();
    if (group.open) titles.delete(group.dataset.group);
    else titles.add(group.dataset.group);
    try {
      localStorage.setItem(PLACE, JSON.stringify([...titles]));
    } catch { /* a browser that keeps nothing shows the menu as it first was */ }
  });

  /* The panel of a phone opens on the place where one is; app.js does it for the menu that is always there. */
  document.addEventListener("toggle", (event) => {
    if (event.target.popover && event.newState === "open") event.target.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, true);
})();
