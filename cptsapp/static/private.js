/* What pages for one person alone do besides: nobody else reads them after, what was typed comes back, and texts have their buttons. */
(() => {
  "use strict";
  /* A private page is never shown again from the browser's memory, unless it holds what was typed and the session is the same. */
  window.addEventListener("pageshow", async (event) => {
    if (!event.persisted) return;
    const root = document.documentElement, typed = [...document.querySelectorAll("form[data-unsaved='changed']")];
    root.style.visibility = "hidden";
    if (!typed.length || !(await isSameSession())) {
      typed.forEach((form) => { form.dataset.unsaved = ""; });
      location.reload();
    } else root.style.visibility = "";
  });

  /** Tell whether the site still knows whoever filled this page: a token says when it was made after whose it is. */
  async function isSameSession() {
    const whose = document.querySelector("[name='csrf_token']")?.value.split(".")[0];
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" }).catch(() => null);
    return Boolean(whose && answer?.ok && (await answer.text()).includes(`value="${whose}.`));
  }

  /* Whoever logs out leaves nothing on the device: what pages kept of people while the network was away goes too. */
  document.addEventListener("submit", (event) => {
    if (!event.target.getAttribute("action")?.endsWith("/deconnexion")) return;
    try {
      Object.keys(localStorage).filter((key) => key.startsWith("pointages:")).forEach((key) => localStorage.removeItem(key));
    } catch { /* a browser that keeps nothing has nothing to forget */ }
  });

  /* The buttons above a text area. */
  const WRAPPED = { bold: ["**", "texte en gras"], italic: ["*", "texte en italique"] };
  const STARTED = { heading: () => "## ", list: () => "- ", ordered: (i) => `${i + 1}. `, quote: () => "> " };
  const INSERTED = { table: "\n| Titre | Titre |\n|---|---|\n| Texte | Texte |\n", footnote: "[^1]\n\n[^1]: Texte de la note.\n" };

  function mark(area, kind) {
    const from = area.selectionStart, chosen = area.value.slice(from, area.selectionEnd);
    if (WRAPPED[kind]) {
      const [sign, example] = WRAPPED[kind];
      replace(area, sign + (chosen || example) + sign, sign.length, (chosen || example).length);
    } else if (STARTED[kind]) {
      area.selectionStart = area.value.lastIndexOf("\n", from - 1) + 1;
      const lines = area.value.slice(area.selectionStart, area.selectionEnd).split("\n");
      replace(area, lines.map((line, i) => STARTED[kind](i) + line).join("\n"));
    } else if (kind === "link") {
      const text = chosen || "texte du lien";
      replace(area, `[${text}](https://)`, text.length + 3, 8);
    } else if (INSERTED[kind]) {
      replace(area, chosen + INSERTED[kind]);
    }
  }

  /** Put `text` in place of the selection, so that Ctrl+Z works; then select `length` signs after `start`. */
  function replace(area, text, start, length) {
    const from = area.selectionStart;
    area.focus();
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (start !== undefined) area.setSelectionRange(from + start, from + start + length);
  }

  document.addEventListener("keydown", (event) => {
    const kind = { b: "bold", i: "italic" }[event.key.toLowerCase()];
    if ((event.ctrlKey || event.metaKey) && !event.altKey && kind && document.querySelector(`[data-markdown][data-for="${event.target.id}"]`)) {
      event.preventDefault();
      mark(event.target, kind);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-markdown]");
    if (button) mark(document.getElementById(button.dataset.for), button.dataset.markdown);
  });
})();
