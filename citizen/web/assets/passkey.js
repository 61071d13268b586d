// The passkey ceremonies, which no page can do without a script: making a passkey,
// logging in with one, and proving again that it is you before something important.
//
// A form says which in data-passkey ("log-in", "create" or "step-up"), and where:
//   data-options  POST {"action", "fields"}            -> {"options", "state"}
//   data-finish   POST {"state", "credential", "fields"} -> {"next", "signals"} or nothing
//   data-next     where to go when the answer names no place; without it the form
//                 itself is sent, by a reader who has just proved who they are
//   data-action   what a step-up is for
// "fields" are the fields of the form. "options" is what
// PublicKeyCredential.parse...OptionsFromJSON takes. Errors are problem documents,
// whose "detail" is words for the reader.
(function () {
  "use strict";

  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const kind = form.dataset.passkey;
  const status = form.querySelector("[data-passkey-status]");
  const problem = form.querySelector("[data-passkey-error]");
  const button = form.querySelector("button");
  let waiting = null; // of the request that fills the box in by itself
  let picked = false; // a passkey, so that a failure from here on is the reader's to know

  const able = window.PublicKeyCredential && navigator.credentials &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";

  function say(text) { status.textContent = text; }

  function fail(text) {
    say("");
    button.disabled = false;
    problem.textContent = text;
    problem.focus();
  }

  function fields() {
    const all = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "form_token") all[name] = value;
    }
    return all;
  }

  async function post(url, body) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const token = form.querySelector("[name=form_token]");
    if (token) headers["X-Form-Token"] = token.value;
    let answer;
    try {
      answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", redirect: "error" });
    } catch {
      throw new Error("We could not reach the service. Check that you are connected, then try again.");
    }
    const text = await answer.text();
    let json = {};
    try { json = text ? JSON.parse(text) : {}; } catch { /* no JSON: the status speaks */ }
    if (answer.ok) return json;
    const error = new Error(json.detail || "That did not work. Try again.");
    error.code = json.code;
    throw error;
  }

  // What the browser's own errors mean to somebody who sees one.
  function words(error) {
    switch (error.name) {
      case "NotAllowedError":
      case "AbortError":
        return "Nothing happened: it was stopped, or took too long. Try again when you are ready.";
      case "InvalidStateError":
        return "This device already has a passkey for you. You can log in with it.";
      case "SecurityError":
        return "Passkeys do not work at this address. Open our website by its own name and try again.";
      case "NotSupportedError":
      case "ConstraintError":
        return "This device cannot make the kind of passkey we need. You can use another device or a security key.";
    }
    return error.message || "That did not work. Try again.";
  }

  // Tells the device's list of passkeys what the service knows, so that it offers
  // none that no longer work. Browsers that cannot do that lose nothing.
  async function signal(method, what) {
    try {
      if (what && typeof PublicKeyCredential[method] === "function") await PublicKeyCredential[method](what);
    } catch { /* only a courtesy */ }
  }

  async function ceremony(extra) {
    const begun = await post(form.dataset.options, { action: form.dataset.action, fields: fields() });
    const create = kind === "create";
    const publicKey = create ? PublicKeyCredential.parseCreationOptionsFromJSON(begun.options)
      : PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
    const credential = create ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey, ...extra });
    picked = true;
    say("One moment…");
    try {
      return await post(form.dataset.finish, { state: begun.state, credential: credential.toJSON(), fields: fields() });
    } catch (error) {
      if (error.code === "PASSKEY_UNKNOWN") {
        await signal("signalUnknownCredential", { rpId: begun.options.rpId || location.hostname, credentialId: credential.id });
      }
      throw error;
    }
  }

  async function done(answer) {
    const s = answer.signals || {};
    await signal("signalAllAcceptedCredentials", s.acceptedCredentials);
    await signal("signalCurrentUserDetails", s.currentUser);
    const next = answer.next || form.dataset.next;
    if (next) location.assign(next);
    else form.submit();
  }

  async function start(event) {
    event.preventDefault();
    if (!able) {
      return fail("This browser cannot use passkeys. Use a newer browser, another device or a security key. “My device cannot use passkeys” says how.");
    }
    if (waiting) waiting.abort();
    problem.textContent = "";
    button.disabled = true;
    say(kind === "create" ? "Follow what your device asks you to do." : "Waiting for your passkey…");
    try {
      await done(await ceremony({}));
    } catch (error) {
      fail(words(error));
    }
  }

  // The passkeys of this device are offered in the box, without a word or a button.
  async function offer() {
    if (kind !== "log-in" || !able || typeof PublicKeyCredential.isConditionalMediationAvailable !== "function") return;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    waiting = new AbortController();
    const mine = waiting;
    try {
      await done(await ceremony({ mediation: "conditional", signal: mine.signal }));
    } catch (error) {
      if (picked && !mine.signal.aborted) fail(words(error));
    }
  }

  form.addEventListener("submit", start);
  offer();
})();
