/* What the pages do better with JavaScript; all of them work without it. No dependency but the events of htmx. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const on = (event, act, options) => document.addEventListener(event, act, options);

  /** Have a screen reader say `text`. */
  function say(text) {
    const region = byId("annonces");
    if (!region || !text) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 60);
  }

  /** Show `text` at the foot of the window until it is closed. */
  function warn(text) {
    const region = byId("alerte");
    if (!region) return;
    const notice = document.createElement("div");
    const close = document.createElement("button");
    notice.className = "notice bad toast";
    close.className = "link";
    close.type = "button";
    close.textContent = "Fermer";
    close.addEventListener("click", () => notice.remove());
    notice.append(text + " ", close);
    region.replaceChildren(notice);
  }

  /* After a swap: fade what arrived, keep or place the focus, say what changed. */
  const requests = new WeakMap(); // swap task -> request it answers
  const ASKED = ["submit", "click", "change", "keydown"];

  on("htmx:before:swap", (event) => {
    for (const task of event.detail.tasks || []) requests.set(task, event.detail.ctx);
  });

  on("htmx:after:settle", (event) => {
    const { task, newContent } = event.detail;
    const asked = requests.get(task)?.sourceEvent?.type;
    const parts = newContent.filter((node) => node.nodeType === Node.ELEMENT_NODE);
    const within = (selector) => parts.flatMap((part) => [...(part.matches(selector) ? [part] : []), ...all(selector, part)]);
    if (asked !== "input" && asked !== "every" && asked !== "keyup") parts.forEach(fade);
    keepTyped(within);
    say(within("[data-announce]").map((element) => element.dataset.announce).join(" "));
    if (ASKED.includes(asked) && !within("[autofocus]").length) placeFocus(within, parts, asked !== "change");
    setTimeout(prepare);
  });

  function fade(part) {
    part.classList.add("arrived");
    part.addEventListener("animationend", () => part.classList.remove("arrived"), { once: true });
  }

  /** After a form was sent: its summary, or its first wrong field. Otherwise stay, unless what held the focus is gone. */
  function placeFocus(within, parts, sent) {
    const named = sent && within("[data-focus], [aria-invalid='true']")[0];
    const lost = !document.activeElement || document.activeElement === document.body;
    const place = named || (lost && (within("h1, h2, h3")[0] || parts[0]));
    if (!place) return;
    if (place.tabIndex < 0) place.tabIndex = -1;
    const isTall = place.dataset.focus === "arrival"; // a whole form: shown from its top, not from its middle
    place.focus({ preventScroll: !named || isTall });
    if (isTall) place.scrollIntoView();
  }

  /** Browsers give back, with the page, only what was typed over a field's first value: of a refused form, that is all. */
  function keepTyped(within) {
    for (const field of within("form:has([aria-invalid='true'], #erreurs) :is(input, textarea)")) {
      if (!["text", "email", "tel", "url", "search", "number", "date", "textarea"].includes(field.type)) continue;
      const typed = field.value;
      field.defaultValue = "";
      field.value = typed;
    }
  }

  on("htmx:error", (event) => {
    if (event.detail.ctx) warn("Le site n’a pas répondu. Vérifiez votre connexion, puis réessayez.");
    const form = event.detail.ctx?.sourceElement?.closest?.("form[data-unsaved]");
    if (form) form.dataset.unsaved = "changed";
  });

  /* A form left with changes that were not saved. */
  on("input", (event) => {
    const form = event.target.form;
    if (form?.dataset.unsaved !== undefined) form.dataset.unsaved = "changed";
    if (event.target.id) all(`[data-counter="${event.target.id}"]`).forEach(count);
  });
  on("submit", (event) => {
    if (event.target.dataset.unsaved !== undefined) event.target.dataset.unsaved = "";
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-unsaved='changed']")) event.preventDefault();
  });

  function count(counter) {
    const length = byId(counter.dataset.counter)?.value.length ?? 0;
    const limit = Number(counter.dataset.max);
    counter.textContent = `${length} caractère${length > 1 ? "s" : ""} sur ${limit}`;
    counter.toggleAttribute("data-over", length > limit);
  }

  on("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });

  /* Menus close on Escape and when something else is clicked. */
  function closeMenus(except) {
    for (const menu of all("details[data-menu][open]")) {
      if (except && menu.contains(except)) continue;
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (!except && inside) menu.querySelector("summary").focus();
    }
  }

  on("click", (event) => {
    closeMenus(event.target);
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    if (button.dataset.reveal) reveal(button);
  });

  async function copy(button) {
    const source = button.dataset.copy.startsWith("#") && byId(button.dataset.copy.slice(1));
    await navigator.clipboard.writeText(source ? source.value ?? source.textContent.trim() : button.dataset.copy);
    const before = [...button.childNodes];
    button.replaceChildren("Copié");
    say("Copié");
    setTimeout(() => button.replaceChildren(...before), 2000);
  }

  function reveal(button) {
    const field = byId(button.dataset.reveal);
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
    button.textContent = shown ? "Masquer" : "Afficher";
  }

  /* Ticking all the rows of a page; the bar of actions counts them. */
  on("change", (event) => {
    const box = event.target;
    if (box.dataset?.selectAll) {
      for (const each of boxes(box)) each.checked = box.checked;
      tally(box);
    } else if (box.type === "checkbox") {
      all(`[data-select-all="${box.name}"]`).forEach(tally);
    }
  });

  const boxes = (box) => all(`input[type=checkbox][name="${box.dataset.selectAll}"]`, box.closest("table, form") || document);

  function tally(box) {
    const rows = boxes(box), ticked = rows.filter((each) => each.checked).length;
    box.checked = ticked > 0 && ticked === rows.length;
    box.indeterminate = ticked > 0 && ticked < rows.length;
    for (const place of all("[data-ticked]")) place.textContent = ticked ? `${ticked} ligne${ticked > 1 ? "s cochées" : " cochée"}` : "Aucune ligne cochée";
  }

  /* What is wider than its place scrolls by keyboard too, and is no stop on the way once it fits. */
  const frames = new ResizeObserver((changed) => {
    for (const { target } of changed) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });

  /** What must be set in a page or in a part that has just arrived. */
  function prepare() {
    all("button[data-reveal], button[data-copy], [data-select-all], [data-with-script]").forEach((element) => { element.hidden = false; });
    all("[data-counter]").forEach(count);
    all("[data-select-all]").forEach(tally);
    for (const frame of all(".prose table, .table-wrap, .space-nav ul, .tabs ul")) frames.observe(frame);
  }
  prepare();

  /* A long menu is shown from where one is. */
  for (const menu of all(".desk-nav, .space-nav ul, .tabs ul")) {
    const here = menu.querySelector("[aria-current]");
    if (!here) continue;
    const place = here.getBoundingClientRect(), around = menu.getBoundingClientRect();
    if (place.bottom > around.bottom) menu.scrollTop += place.top - around.top - menu.clientHeight / 2;
    if (place.right > around.right) menu.scrollLeft += place.left - around.left - menu.clientWidth / 3;
  }

  /* A refused form is shown from its summary. */
  if (!document.querySelector("[autofocus]")) document.querySelector("main [data-focus='']")?.focus();
})();
