"use strict";
// Forms work without this file; it only makes them pleasant.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) event.detail.headers["X-CSRFToken"] = token.content;
});
// Error answers carry their own sentence: show it instead of dropping it.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// A second click on a submit button must not send the form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent === "yes" && !form.hasAttribute("hx-post")) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  window.setTimeout(() => { form.dataset.sent = ""; }, 4000);
});
