// Passkeys: a form that wants one asks the server for a challenge, the browser for its signature, and sends what it said in
// the fields of the form. Without this the form is not shown, or the server says what is missing.
(() => {
  "use strict";
  const doc = document;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => list.map((key) => ({ ...key, id: bytes(key.id) }));

  for (const place of doc.querySelectorAll("[data-passkey-at]")) {
    if (!window.PublicKeyCredential || location.hostname !== place.dataset.passkeyAt) continue;
    place.hidden = false;
    for (const without of doc.querySelectorAll("[data-passkey-without]")) without.hidden = true;
  }

  async function make(asked) {
    const user = { ...asked.user, id: bytes(asked.user.id) };
    const publicKey = { ...asked, challenge: bytes(asked.challenge), user, excludeCredentials: named(asked.excludeCredentials) };
    const { response } = await navigator.credentials.create({ publicKey });
    return { client_data: text(response.clientDataJSON), attestation: text(response.attestationObject) };
  }

  async function prove(asked) {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) };
    const { rawId, response } = await navigator.credentials.get({ publicKey });
    return {
      credential: text(rawId),
      client_data: text(response.clientDataJSON),
      authenticator_data: text(response.authenticatorData),
      signature: text(response.signature),
      user_handle: response.userHandle ? text(response.userHandle) : "",
    };
  }

  // The password that came with the question has been taken; the session goes on under a new token.
  function renew(form, csrf) {
    for (const field of doc.querySelectorAll("input[name=csrf]")) field.value = csrf;
    form.elements.password?.closest(".row").remove();
  }

  async function run(form) {
    const answer = await fetch(form.dataset.passkeyAsk, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.headers.get("content-type")?.startsWith("application/json")) {
      form.submit();
      return;
    }
    const asked = await answer.json();
    if (asked.problem) {
      tell(form, asked.problem);
      return;
    }
    if (asked.csrf) renew(form, asked.csrf);
    const said = await (asked.publicKey.user ? make : prove)(asked.publicKey);
    for (const [name, value] of Object.entries(said)) form.elements[name].value = value;
    form.submit();
  }

  const sentences = {
    InvalidStateError: "This device or password manager has a passkey for you here already.",
    NotAllowedError: "No passkey was used: it was cancelled, or took too long. Try again, or use another way.",
    SecurityError: "The browser allows no passkeys at this address.",
  };

  function tell(form, sentence) {
    const problem = doc.createElement("p");
    problem.className = "problem";
    problem.textContent = sentence ?? "The browser could not use a passkey. Try again, or use another way.";
    form.querySelector("[data-passkey-problem]").replaceChildren(problem);
  }

  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.passkeyAsk) return;
    event.preventDefault();
    run(form).catch((error) => tell(form, sentences[error.name]));
  });
})();
