"use strict";
// The desk works without this file: it adds arrow keys, Alt+arrow between vendors, and says what is unsaved.
(() => {
  const grid = document.querySelector("[data-grid]");
  if (grid) {
    const rows = [...grid.querySelectorAll("[data-row]")];
    grid.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const at = rows.indexOf(document.activeElement);
      if (!step || at < 0) return;
      const target = rows[at + step];
      if (target) { event.preventDefault(); target.focus(); }
    });
    if (rows.length && document.activeElement === document.body) rows[0].focus({ preventScroll: true });
  }
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const name = { ArrowLeft: "[data-previous]", ArrowRight: "[data-next]" }[event.key];
    const link = name && document.querySelector(name);
    if (link) { event.preventDefault(); link.click(); }
  });
  const form = document.querySelector("[data-autosave]");
  if (!form) return;
  let unsaved = false;
  const say = (text, saved) => {
    const state = document.getElementById("save-state");
    if (!state) return;
    state.textContent = text;
    state.classList.toggle("is-unsaved", !saved);
    state.classList.toggle("is-saved", saved);
  };
  // The passphrase is no content of the sheet: it is sent only with a signature, and Enter in it signs.
  const isKey = (target) => target.name === "passphrase" || target.name === "keep_open";
  form.addEventListener("change", (event) => { if (isKey(event.target)) event.stopPropagation(); }, true);
  form.addEventListener("keydown", (event) => {
    const sign = event.key === "Enter" && event.target.name === "passphrase" && form.querySelector("[name=then][value=sign]");
    if (sign) { event.preventDefault(); sign.click(); }
  });
  form.addEventListener("htmx:configRequest", (event) => {
    const sent = event.detail.parameters;
    if (sent.then === "sign" || (sent.get && sent.get("then") === "sign")) return;
    if (sent.delete) sent.delete("passphrase");
    delete sent.passphrase;
  });
  form.addEventListener("input", (event) => {
    if (isKey(event.target)) return;
    unsaved = true;
    say("未保存", false);
    // "None proved" and the proved elements exclude each other.
    const box = event.target;
    if (box.type === "checkbox" && box.name.startsWith("element-") && box.checked) {
      for (const other of form.elements[box.name] || []) {
        if (other !== box && (box.hasAttribute("data-none") || other.hasAttribute("data-none"))) other.checked = false;
      }
    }
  });
  // A cross without its ground can't be saved yet: wait until the ground is chosen.
  form.addEventListener("htmx:confirm", (event) => {
    const trigger = event.detail.triggeringEvent;
    if (trigger && trigger.type === "submit") return;
    for (const cross of form.querySelectorAll("input[data-needs-ground]:checked")) {
      const ground = document.getElementById(cross.dataset.needsGround);
      if (ground && !ground.value) { event.preventDefault(); say("未保存：请选择不通过的理由", false); return; }
    }
  });
  form.addEventListener("htmx:beforeRequest", () => { say("正在保存…", false); });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr && event.detail.xhr.status >= 200 && event.detail.xhr.status < 400) { unsaved = false; const flash = document.getElementById("flash"); if (flash) flash.replaceChildren(); }
    else say("未保存", false);
  });
  form.addEventListener("htmx:sendError", () => { say("未保存：连接中断，恢复后会再次保存", false); });
  window.addEventListener("online", () => { if (unsaved) form.dispatchEvent(new Event("change", { bubbles: true })); });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
})();
