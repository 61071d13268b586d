// On every page: the reader is taken to what must be put right, and the browser
// learns what to show without a network. Nothing depends on it.
(function () {
  "use strict";

  const errors = document.querySelector("[data-errors]");
  if (errors) errors.focus();

  if ("serviceWorker" in navigator) {
    window.addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
  }
})();
