/* Passkeys: a form that asks the browser for a key, writes its answer in hidden fields, and is sent as any form is. */
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const keys = (known) => known.map((id) => ({ type: "public-key", id: bytes(id) }));

  async function create(options) {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: bytes(options.challenge), rp: options.rp, user: { ...options.user, id: bytes(options.user.id) },
      pubKeyCredParams: options.algorithms.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: keys(options.known), attestation: "none", timeout: 120000,
      authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    } });
    const { response } = made;
    return { client_data: response.clientDataJSON, authenticator: response.getAuthenticatorData(), public_key: response.getPublicKey() };
  }

  async function use(options) {
    const { rawId, response } = await navigator.credentials.get({ publicKey: {
      challenge: bytes(options.challenge), rpId: options.rp, allowCredentials: keys(options.known),
      userVerification: "required", timeout: 120000,
    } });
    return { client_data: response.clientDataJSON, authenticator: response.authenticatorData, signature: response.signature, credential: rawId };
  }

  const WORDS = {
    InvalidStateError: "Cet appareil est déjà enregistré.",
    NotAllowedError: "La demande a été annulée ou a trop attendu. Recommencez quand vous voulez.",
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = form.querySelector("[data-passkey-said]");
      if (!form.reportValidity()) return;
      said.textContent = "Suivez ce que votre appareil demande…";
      try {
        const answer = await (form.dataset.passkey === "create" ? create : use)(JSON.parse(form.dataset.options));
        for (const [name, value] of Object.entries(answer)) form.elements[name].value = text(value);
        form.submit();
      } catch (error) {
        said.textContent = WORDS[error.name] || "Cet appareil n’a pas pu servir de clé d’accès.";
      }
    });
  }
})();
