// Files from the drop zone to the server: a few at a time, each with its progress, patient when the server is busy.

import { Problem } from "./api.js";
import { formatBytes, formatSpan, part, say } from "./dom.js";
import { transfer } from "./transfer.js";

const parallel = 3;
const mostTries = 6;
const longestWait = 120;
const longestGuess = 16;

const form = document.getElementById("upload-form");
const input = document.getElementById("upload-input");
const section = document.getElementById("uploads");
const heading = document.getElementById("uploads-title");
const list = part(section, "list");
const clear = part(section, "clear");
const blank = document.getElementById("upload-item").content.firstElementChild;
const mostBytes = Number(form.dataset.maxBytes);
const mostText = form.dataset.maxText;

/** One file in the list of uploads. `state`: waiting, running, pausing, failed, done. */
class Upload {
  constructor(file) {
    this.file = file;
    // The same for all tries: whatever became of the one before, the file is taken once.
    this.key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.isFinal = false;
    this.tries = 0;
    this.element = blank.cloneNode(true);
    this.bar = part(this.element, "bar");
    this.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    part(this.element, "name").textContent = file.name;
    part(this.element, "size").textContent = formatBytes(file.size);
    part(this.element, "cancel").setAttribute("aria-label", `Cancel ${file.name}`);
    part(this.element, "retry").setAttribute("aria-label", `Try ${file.name} again`);
    part(this.element, "cancel").addEventListener("click", () => remove(this));
    part(this.element, "retry").addEventListener("click", () => this.again());
    this.show("waiting", "Waiting");
  }

  show(state, note) {
    this.state = state;
    this.element.dataset.state = state;
    part(this.element, "note").textContent = note;
    part(this.element, "retry").hidden = state !== "failed" || this.isFinal;
    part(this.element, "cancel").textContent = state === "failed" ? "Dismiss" : "Cancel";
  }

  again() {
    this.tries = 0;
    this.show("waiting", "Waiting");
    part(this.element, "cancel").focus();
    update();
  }

  progress(sent) {
    const percent = this.file.size === 0 ? 100 : Math.floor((sent / this.file.size) * 100);
    this.bar.value = Math.min(percent, 100);
    part(this.element, "note").textContent = percent >= 100 ? "Finishing" : `${percent}%`;
  }

  async run() {
    this.abort = new AbortController();
    this.show("running", "0%");
    this.bar.value = 0;
    try {
      const file = await transfer(this.file, { key: this.key, signal: this.abort.signal, onProgress: (sent) => this.progress(sent) });
      this.show("done", "Done");
      remove(this);
      document.dispatchEvent(new CustomEvent("sluice:file", { detail: file }));
    } catch (error) {
      if (error.name !== "AbortError") this.refuse(error);
    } finally {
      update();
    }
  }

  refuse(problem) {
    if (!(problem instanceof Problem)) throw problem;
    this.tries += 1;
    this.bar.value = 0;
    if ((problem.isPassing || problem.isUnknown) && this.tries < mostTries) return this.pause(problem);
    this.isFinal = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
    this.show("failed", explain(problem));
    say(`${this.file.name} was not uploaded. ${explain(problem)}`);
    if (problem.isUnknown) document.dispatchEvent(new CustomEvent("sluice:missed"));
  }

  pause(problem) {
    const seconds = Math.min(problem.retryAfter ?? Math.min(2 ** (this.tries - 1), longestGuess), longestWait);
    const fault = problem.status === 0 ? "The connection was lost" : "The server is busy";
    this.show("pausing", seconds < 3 ? `${fault}, trying again` : `${fault}, trying again in ${formatSpan(seconds)}`);
    this.timer = setTimeout(() => { this.show("waiting", "Waiting"); update(); }, seconds * 1000);
  }
}

let uploads = [];
let finished = 0;

function explain(problem) {
  if (problem.status === 413) return `The file is too large: at most ${mostText}.`;
  if (problem.isUnknown) {
    const fault = problem.status === 0 ? "The connection was lost. " : "";
    return `${fault}It may have arrived; trying again will not make a second one.`;
  }
  if (problem.status === 507) return "There is no room for new files now.";
  return problem.message;
}

function remove(upload) {
  if (upload.state === "done") finished += 1;
  upload.abort?.abort();
  clearTimeout(upload.timer);
  uploads = uploads.filter((other) => other !== upload);
  const hadFocus = upload.element.contains(document.activeElement);
  const neighbour = upload.element.nextElementSibling ?? upload.element.previousElementSibling;
  upload.element.remove();
  if (hadFocus) (neighbour ? part(neighbour, "cancel") : input).focus();
  update();
}

const isBusy = () => uploads.some((upload) => upload.state !== "failed");

/** Starts what may start, and says how far it is. */
function update() {
  let running = uploads.filter((upload) => upload.state === "running").length;
  for (const upload of uploads) {
    if (running >= parallel) break;
    if (upload.state !== "waiting") continue;
    running += 1;
    upload.run();
  }
  const failed = uploads.filter((upload) => upload.state === "failed").length;
  const left = uploads.length - failed;
  section.hidden = uploads.length === 0;
  clear.hidden = left > 0 || failed === 0;
  heading.textContent = left > 0 ? `Uploading ${finished + 1} of ${finished + left}` : "Not uploaded";
  if (left === 0 && finished > 0) {
    say(`${finished === 1 ? "1 file" : `${finished} files`} uploaded${failed > 0 ? `, ${failed} not` : ""}.`);
    finished = 0;
  }
}

function add(files) {
  for (const file of files) {
    const upload = new Upload(file);
    uploads.push(upload);
    list.append(upload.element);
    if (file.size > mostBytes) upload.refuse(new Problem({ status: 413, title: "The file is too large" }));
  }
  const count = uploads.filter((upload) => upload.state === "waiting").length;
  if (count > 0) say(count === 1 ? "Uploading 1 file." : `Uploading ${count} files.`);
  update();
}

/** A folder comes as a file that cannot be read. */
function filesOf(transferred) {
  const items = [...transferred.items].filter((item) => item.kind === "file");
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory).length;
  if (folders > 0) say("Folders are not taken. Choose the files in them.");
  return items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile()).filter(Boolean);
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let depth = 0;
const showTarget = () => { form.classList.toggle("is-target", depth > 0); };

// The whole page takes files: who misses the zone must not lose the page to the browser showing the file.
addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; showTarget(); } });
addEventListener("dragleave", (event) => { if (hasFiles(event)) { depth = Math.max(0, depth - 1); showTarget(); } });
addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  showTarget();
  add(filesOf(event.dataTransfer));
});
addEventListener("paste", (event) => { if (event.clipboardData?.files.length > 0) add([...event.clipboardData.files]); });

input.addEventListener("change", () => {
  add([...input.files]);
  // So that the same file can be chosen again.
  input.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
clear.addEventListener("click", () => { for (const upload of [...uploads]) remove(upload); });
addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); });
// Without a session nothing can go on, so there is nothing to hold the page for.
document.addEventListener("sluice:leaving", () => { for (const upload of [...uploads]) remove(upload); });

form.classList.add("is-live");
input.required = false;
part(form, "plain").hidden = true;
part(form, "live").hidden = false;
part(form, "submit").hidden = true;
