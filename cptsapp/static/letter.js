/* Writing a letter: the preview follows what is saved, blocks move by drag. Buttons do the same without JavaScript. */
(() => {
  "use strict";
  const form = () => document.querySelector("form.letter-form");
  const saved = () => document.getElementById("apercu")?.dataset.saved;
  let shown = saved();
  let moved = null; // the block whose button was pressed, and what the button does

  /* The preview: a second frame loads behind the first, then takes its place where the reader was. */
  function refresh() {
    const frame = document.querySelector("#apercu iframe.letter");
    if (!frame || frame.nextElementSibling) return;
    const next = frame.cloneNode();
    next.removeAttribute("id");
    next.classList.add("loading");
    next.addEventListener("load", () => {
      if (!next.isConnected) return;
      next.contentWindow.scrollTo(0, frame.contentWindow?.scrollY ?? 0);
      next.classList.remove("loading");
      next.id = frame.id;
      frame.remove();
    }, { once: true });
    frame.after(next);
  }

  document.addEventListener("htmx:after:settle", () => {
    const now = saved();
    if (now === undefined || now === shown) return refocus();
    if (now) {
      form().dataset.unsaved = "";
      refresh();
    }
    shown = now;
    refocus();
  });

  /** A block that was moved by its button keeps the focus, so that it can go on. */
  function refocus() {
    if (!moved) return;
    const block = document.getElementById(moved.id), way = moved.way;
    moved = null;
    setTimeout(() => {
      const button = block?.querySelector(`button[value^="${way}-"]`) || block?.querySelector("button[value^='up-'], button[value^='down-']");
      button?.focus();
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".letter-block button[name='act']");
    const way = button?.value.split("-")[0];
    if (way === "up" || way === "down") moved = { id: button.closest("li").id, way };
  });

  /* Drag: by the grip alone, so that text stays selectable. */
  let held = null;
  document.addEventListener("pointerdown", (event) => {
    const item = event.target.closest?.("[data-grip]")?.closest("li");
    if (item) item.draggable = true;
  });
  document.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.(".letter-block")) return;
    held = event.target;
    held.classList.add("held");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  document.addEventListener("dragover", (event) => {
    const over = held && event.target.closest?.(".letter-block");
    if (!over || over === held || over.parentNode !== held.parentNode) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) over.after(held);
    else over.before(held);
  });
  document.addEventListener("drop", (event) => { if (held) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!held) return;
    held.draggable = false;
    held.classList.remove("held");
    held.querySelector("[name='place']").dispatchEvent(new Event("input", { bubbles: true }));
    held = null;
  });
  document.addEventListener("pointerup", () => {
    for (const item of document.querySelectorAll(".letter-block[draggable='true']")) if (item !== held) item.draggable = false;
  });
})();
