// Says a minute ahead that the session ends, offers to stay, and leaves when it is over.
//
// The server alone knows: other tabs, uploads and other requests keep a session alive. So this module asks before it
// warns, while it warns, and before it leaves; asking is not activity.

import { Problem, csrfHeaders } from "./api.js";
import { formatSpan, part, say } from "./dom.js";

const warning = 60;
const askEvery = 10;

const dialog = document.getElementById("session-dialog");
const trouble = part(dialog, "trouble");
const stay = part(dialog, "stay");
const close = part(dialog, "close");
const title = document.title;

let endsAt = Date.now() + Number(dialog.dataset.secondsLeft) * 1000;
let timer;
let lastAsked = 0;
let dismissed = false;
let isLeaving = false;

const secondsLeft = () => (endsAt - Date.now()) / 1000;

/** Leaving clears the page, and the server's page says which of the limits it was. */
function leave() {
  isLeaving = true;
  clearTimeout(timer);
  document.dispatchEvent(new CustomEvent("sluice:leaving"));
  location.replace("/login");
}

/** Takes over what the server says; its own clock counts. The field Date is no clock: it has no parts of seconds. */
async function ask(method = "GET", path = "/session") {
  lastAsked = Date.now();
  const headers = method === "GET" ? {} : csrfHeaders();
  const response = await fetch(path, { method, headers: { Accept: "application/json", ...headers }, cache: "no-store" });
  if (response.status === 401) return leave();
  if (!response.ok) throw new Problem({ status: response.status, title: "The server cannot answer now." });
  const session = await response.json();
  if (session.state !== "signedIn") return leave();
  const now = Date.parse(session.now) || Date.now();
  const idle = Date.parse(session.idleEndsAt) - now;
  const absolute = Date.parse(session.absoluteEndsAt) - now;
  endsAt = Date.now() + Math.min(idle, absolute);
  showReason(absolute <= idle);
}

/** At the absolute limit staying is not on offer. */
function showReason(isAbsolute) {
  dialog.querySelector("#session-idle").hidden = isAbsolute;
  dialog.querySelector("#session-absolute").hidden = !isAbsolute;
  stay.hidden = isAbsolute;
  close.hidden = !isAbsolute;
}

function showTimeLeft() {
  for (const left of dialog.querySelectorAll('[data-part="left"]')) left.textContent = formatSpan(secondsLeft());
}

function warn() {
  showTimeLeft();
  document.title = "Logging out soon · Sluice";
  if (dialog.open || dismissed) return;
  trouble.hidden = true;
  dialog.showModal();
  (stay.hidden ? close : stay).focus();
}

function relax() {
  dismissed = false;
  document.title = title;
  if (dialog.open) dialog.close();
}

async function tick() {
  clearTimeout(timer);
  if (isLeaving) return;
  const isOver = secondsLeft() <= 0;
  if (secondsLeft() <= warning && Date.now() - lastAsked >= (isOver ? 1000 : askEvery * 1000)) {
    try {
      await ask();
    } catch {
      // Not reached: what was known last still holds.
      if (isOver) return leave();
    }
  }
  // That may have found that it is over: the page stands until the next one has come, and must not warn any more.
  if (isLeaving) return;
  if (secondsLeft() > warning) relax(); else warn();
  schedule();
}

function schedule() {
  clearTimeout(timer);
  const left = secondsLeft();
  // A browser's timers hold 31 bits of milliseconds.
  const wait = left > warning ? Math.min(left - warning, 86_400) : Math.min(1, Math.max(0.2, left));
  timer = setTimeout(tick, wait * 1000);
}

stay.addEventListener("click", async () => {
  try {
    await ask("POST", "/session/stay");
    if (isLeaving) return;
    relax();
    say("You stay logged in.");
    schedule();
  } catch {
    trouble.textContent = "The server cannot be reached. Try again.";
    trouble.hidden = false;
  }
});

close.addEventListener("click", () => { dismissed = true; dialog.close(); });
// Escape means: I have seen it.
dialog.addEventListener("cancel", () => { dismissed = true; });

// A laptop that slept, or a page taken from the browser's memory, has an old idea of the time.
const recheck = () => { if (!document.hidden) { lastAsked = 0; ask().catch(() => {}).finally(tick); } };
document.addEventListener("visibilitychange", recheck);
addEventListener("pageshow", (event) => { if (event.persisted) recheck(); });
document.addEventListener("sluice:signed-out", leave);

tick();
