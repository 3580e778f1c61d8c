"use strict";
// Without this file an upload is one plain request. With it: pieces, progress, and going on after a break.
(() => {
  const clock = document.querySelector("[data-deadline]");
  if (clock) {
    const left = clock.querySelector("[data-left]");
    const deadline = Date.parse(clock.dataset.deadline);
    // The server's clock decides: the browser only measures how long the page has stood.
    const server = Date.parse(clock.dataset.now), here = performance.now();
    const pad = (number) => String(number).padStart(2, "0");
    const running = left.textContent.startsWith("还有");
    const tick = () => {
      const rest = Math.floor((deadline - server - (performance.now() - here)) / 1000);
      if (rest <= 0) { left.textContent = "已截止"; return; }
      const days = Math.floor(rest / 86400), hours = Math.floor(rest / 3600) % 24;
      left.textContent = `还有 ${days} 天 ${pad(hours)}:${pad(Math.floor(rest / 60) % 60)}:${pad(rest % 60)}`;
      window.setTimeout(tick, 1000);
    };
    if (running) tick();
  }

  const forms = document.querySelectorAll("form[data-upload]");
  if (!forms.length || !window.fetch) return;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-CSRFToken": token, Accept: "application/json" };
  // `elements.item` is a method of every form.
  const itemOf = (form) => form.querySelector("input[name=item]").value;
  const wait = (ms) => new Promise((done) => { window.setTimeout(done, ms); });
  const inMB = (bytes) => `${(bytes / 1048576).toFixed(1)} MB`;
  let busy = 0;

  class Refused extends Error {
    constructor(status, body) { super(body.detail || "上传没有完成，请刷新页面后重试。"); this.status = status; this.body = body; }
  }
  // An answer in JSON, or Refused with the server's sentence; a lost connection throws TypeError.
  const ask = async (url, options) => {
    const answer = await fetch(url, { credentials: "same-origin", ...options, headers: { ...headers, ...(options.headers || {}) } });
    const kind = answer.headers.get("Content-Type") || "";
    const body = kind.includes("json") ? await answer.json() : {};
    if (!answer.ok) throw new Refused(answer.status, body);
    return body;
  };
  // What may succeed later is tried again; what the rules refuse is not.
  const passing = (error) => !(error instanceof Refused) || [408, 429, 502, 503, 504].includes(error.status);
  const persist = async (row, work) => {
    for (let pause = 1000; ; pause = Math.min(pause * 2, 30000)) {
      if (row.stopped) throw new Error("已停止，已传的部分保留。");
      try { return await work(); } catch (error) {
        if (!passing(error)) throw error;
        row.say(error instanceof Refused ? error.message : "连接中断，正在重试，已传的部分不会丢失…", "");
        await wait(pause);
      }
    }
  };

  const line = (list, file) => {
    const item = document.createElement("li");
    const name = Object.assign(document.createElement("span"), { className: "upload-name", textContent: file.name });
    const bar = Object.assign(document.createElement("progress"), { max: Math.max(1, file.size), value: 0 });
    bar.setAttribute("aria-label", `${file.name} 上传进度`);
    const text = document.createElement("span");
    const stop = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "停止" });
    item.append(name, bar, text, stop);
    list.append(item);
    const row = {
      stopped: false,
      progress(received) { bar.value = received; text.className = ""; text.textContent = `${inMB(received)} / ${inMB(file.size)}`; },
      say(words, tone) { text.textContent = words; text.className = tone ? `upload-${tone}` : ""; },
      end(words, tone) { row.say(words, tone); bar.remove(); stop.remove(); },
    };
    stop.addEventListener("click", () => { row.stopped = true; row.say("正在停止…", ""); });
    return row;
  };

  const send = async (form, file, row) => {
    if (file.size === 0) throw new Error("文件是空的。请检查原文件后重新上传。");
    if (file.size > Number(form.dataset.most)) throw new Error(`文件超过允许的大小（单个文件最大 ${inMB(Number(form.dataset.most))}）。请压缩或拆分后重新上传。`);
    const started = new URLSearchParams({
      item: itemOf(form), name: file.name, size: String(file.size), fingerprint: `m${file.lastModified}`,
    });
    const upload = await persist(row, () => ask(form.dataset.upload, { method: "POST", body: started }));
    const base = `/uploads/${upload.upload}`, chunk = Number(form.dataset.chunk);
    let at = upload.received;
    row.progress(at);
    while (at < file.size) {
      at = await persist(row, async () => {
        const body = file.slice(at, at + chunk);
        try {
          return (await ask(`${base}?offset=${at}`, { method: "PUT", body, headers: { "Content-Type": "application/octet-stream" } })).received;
        } catch (error) {
          // Another tab, or an answer that got lost: the server says where to go on.
          if (error instanceof Refused && error.body.code === "upload_gap") return error.body.current;
          throw error;
        }
      });
      row.progress(at);
    }
    row.say("正在检查文件内容…", "");
    await persist(row, () => ask(`${base}/finish`, { method: "POST" }));
  };

  for (const form of forms) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const input = form.elements.files, files = [...input.files];
      if (!files.length) return;
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      busy += 1;
      let refused = 0;
      for (const file of files) {
        const row = line(form.querySelector("[data-list]"), file);
        try { await send(form, file, row); row.end("已上传", "done"); } catch (error) { refused += 1; row.end(error.message, "bad"); }
      }
      busy -= 1;
      input.value = "";
      button.disabled = false;
      // The page shows the new list; where a file was refused its sentence must stay readable.
      if (!refused && !busy) { window.location.hash = `item-${itemOf(form)}`; window.location.reload(); }
    });
  }
  window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });
})();
