// Warns before a session ends because nothing was done, with one touch to stay
// (RULES 1: 2 minutes before). The time counts from when the page was made, by the
// device's clock only as a stopwatch. A page that lay asleep asks at once.
(function () {
  "use strict";

  const dialog = document.getElementById("stay");
  if (!dialog || typeof dialog.showModal !== "function") return;

  const form = dialog.querySelector("[data-stay]");
  const left = dialog.querySelector("[data-left]");
  const failed = dialog.querySelector("[data-failed]");
  const warn = Number(dialog.dataset.warn) * 1000;
  const idle = Number(dialog.dataset.idle) * 1000;
  let from = Date.now();

  const words = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds > 60) return Math.ceil(seconds / 60) + " minutes";
    return seconds > 30 ? "1 minute" : "less than 30 seconds";
  };

  function look() {
    const past = Date.now() - from;
    if (past >= idle) {
      location.replace(dialog.dataset.ended);
      return;
    }
    if (past < warn) return;
    const text = words(idle - past);
    if (left.textContent !== text) left.textContent = text;
    if (!dialog.open) dialog.showModal();
  }

  async function stay(event) {
    event.preventDefault();
    failed.textContent = "";
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error",
      });
      if (answer.status === 401) return location.replace(dialog.dataset.ended);
      if (!answer.ok) throw new Error(answer.status);
      from = Date.now();
      dialog.close();
    } catch {
      failed.textContent = "We could not reach the service. Check that you are connected, then try again.";
    }
  }

  form.addEventListener("submit", stay);
  dialog.addEventListener("cancel", stay); // Escape means "I am here"
  document.addEventListener("visibilitychange", look);
  setInterval(look, 1000);
})();
