/* Attendance on a phone: a tap shows at once, is kept here, and leaves when the network allows it.
   Kept on the phone: numbers of registrations and sessions, ticks, moments; all is wiped once sent, and at logout. */
(() => {
  "use strict";
  const KEY = "pointages:";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  all("[data-tick-all]").forEach((button) => button.addEventListener("click", () => {
    all("input[name='present']", button.form || button.closest("form")).forEach((box) => { box.checked = button.dataset.tickAll === "oui"; });
  }));

  const room = document.querySelector("[data-attendance]");
  if (!room) return;
  const place = KEY + room.dataset.event;
  const session = Number(room.dataset.session);
  const banner = document.getElementById("a-envoyer");
  const token = () => room.querySelector("input[name='csrf_token']")?.value || "";
  let wait = 1000, timer = 0, isSending = false;

  function kept() {
    try { return JSON.parse(localStorage.getItem(place)) || []; } catch { return []; }
  }

  function keep(ticks) {
    if (ticks.length) localStorage.setItem(place, JSON.stringify(ticks));
    else localStorage.removeItem(place);
  }

  const same = (one, other) => one.r === other.r && one.s === other.s;

  /** Say what still waits; `words` say why, and may hold a link to log in again. */
  function tell(words = "", link = "") {
    const count = kept().length;
    banner.hidden = count === 0;
    if (!count) return;
    const many = count > 1 ? `${count} pointages gardés sur cet appareil, pas encore envoyés.` : "1 pointage gardé sur cet appareil, pas encore envoyé.";
    banner.replaceChildren(`${many} ${words}`.trim() + " ");
    if (!link) return;
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = "Se reconnecter";
    banner.append(anchor);
  }

  /** What the server will never take is not kept for ever: whoever holds the phone may let it go. */
  function offerToForget() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "outline small";
    button.textContent = "Oublier ces pointages";
    button.addEventListener("click", () => { keep([]); location.reload(); });
    banner.append(button);
  }

  function show(button, isPresent) {
    button.setAttribute("aria-pressed", String(isPresent));
    button.form.querySelector("input[name='present']").value = isPresent ? "non" : "oui";
  }

  function count() {
    const buttons = all(".tick-button", room);
    const here = buttons.filter((button) => button.getAttribute("aria-pressed") === "true").length;
    const line = room.querySelector("[data-attendance-count]");
    if (line) line.textContent = `${here} ${here > 1 ? "présents" : "présent"} sur ${buttons.length}.`;
  }

  room.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.classList.contains("tick-button")) return;
    const isPresent = button.getAttribute("aria-pressed") !== "true";
    const tick = { r: Number(button.value), s: session, p: isPresent, t: Date.now() };
    try {
      keep([...kept().filter((each) => !same(each, tick)), tick]);
    } catch {
      return; // a browser that keeps nothing sends the form, as without this script
    }
    event.preventDefault();
    show(button, isPresent);
    count();
    send();
  });

  async function send() {
    const ticks = kept();
    if (isSending || !ticks.length) { tell(); return; }
    isSending = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(room.dataset.attendance, {
        method: "POST", redirect: "manual", credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ ticks }),
      });
      if (answer.ok) {
        const truth = (await answer.json()).present;
        keep(kept().filter((each) => !ticks.some((other) => same(each, other) && each.t === other.t)));
        ticks.filter((each) => each.s === session && !kept().some((other) => same(each, other))).forEach((each) => {
          const button = room.querySelector(`.tick-button[value="${each.r}"]`);
          if (button) show(button, truth[session].includes(each.r));
        });
        count();
        wait = 1000;
        isSending = false;
        if (kept().length) send(); else tell();
        return;
      }
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        tell("Votre connexion a expiré : ils partiront une fois que vous serez de nouveau connecté.", `/connexion?next=${encodeURIComponent(location.pathname + location.search)}`);
      } else if (answer.status === 422) {
        tell((await answer.json()).error);
        offerToForget();
      } else {
        retry();
      }
    } catch {
      retry();
    }
    isSending = false;
  }

  function retry() {
    tell("Ils partiront dès que le réseau reviendra.");
    timer = setTimeout(send, wait);
    wait = Math.min(wait * 2, 30000);
  }

  window.addEventListener("online", () => { wait = 1000; isSending = false; send(); });

  /* The search works on the page itself, so that it goes on without a network. */
  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const search = room.querySelector("[data-attendance-search]");
  function narrow() {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    all(".ticks > li", room).forEach((line) => {
      const text = fold(line.textContent) + " " + line.dataset.folded;
      line.hidden = !words.every((word) => text.includes(word));
    });
  }
  if (search) {
    search.addEventListener("input", narrow);
    search.form.addEventListener("submit", (event) => { if (!navigator.onLine) event.preventDefault(); });
  }

  /* What this phone knows and the server does not yet shows as it will be. */
  kept().filter((tick) => tick.s === session).forEach((tick) => {
    const button = room.querySelector(`.tick-button[value="${tick.r}"]`);
    if (button) show(button, tick.p);
  });
  count();
  send();
})();
