/* What pages that only one person may read do besides: nobody else reads them after, and what was typed comes back. */
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
})();
