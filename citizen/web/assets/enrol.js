// Fills in the activation code that the QR code of the letter carries in the
// address's fragment, which is sent to no server, and takes it out of the address,
// so that it stays in no history.
(function () {
  "use strict";

  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  history.replaceState(null, "", location.pathname);
  const field = document.getElementById("code");
  if (field && !field.value) field.value = code;
  const go = document.querySelector("[data-enrol] button");
  if (go) go.focus();
})();
