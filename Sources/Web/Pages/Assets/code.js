// The life of the code, what became of its mail, and when another may be asked for.

import { Problem, call } from "./api.js";
import { formatClock, formatSpan, say } from "./dom.js";

const life = document.getElementById("code-life");
const input = document.getElementById("code");
const resend = document.querySelector("form.resend");
const button = resend.querySelector("button");
const wait = document.getElementById("resend-wait");
const mail = document.getElementById("mail-state");
const mailInterval = 5000;

/** Calls `show` with the seconds left, each second and once more at the end. Sleep does not stop it. */
function countDown(seconds, show) {
  const end = Date.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, (end - Date.now()) / 1000);
    show(left);
    if (left > 0) setTimeout(step, Math.min(1000, left * 1000));
  };
  step();
}

let hasSaidMinute = false;

countDown(Number(life.dataset.secondsLeft), (left) => {
  if (left === 0) {
    life.textContent = "The code has run out. Send another.";
    say(life.textContent);
    return;
  }
  life.textContent = `Valid for ${formatClock(left)}`;
  if (left <= 60 && !hasSaidMinute) {
    hasSaidMinute = true;
    say(`The code is valid for another ${formatSpan(left)}.`);
  }
});

countDown(Number(resend.dataset.secondsLeft), (left) => {
  // Not `disabled`: a button that cannot be reached cannot say why it does nothing.
  button.setAttribute("aria-disabled", String(left > 0));
  resend.dataset.secondsLeft = String(left);
  wait.textContent = left > 0 ? `in ${formatClock(left)}` : "";
});

resend.addEventListener("submit", (event) => {
  if (button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    say(`You can send another code in ${formatSpan(Number(resend.dataset.secondsLeft))}.`);
  }
});

/** What became of the mail turns out some seconds after the page. Asked until it is certain, or the server does not tell. */
async function watchMail() {
  try {
    const state = await call("GET", "/login/code/mail", { isBackground: true });
    const text = state.text ?? "";
    if (mail.textContent !== text) {
      mail.textContent = text;
      mail.hidden = text === "";
      if (text !== "") say(text);
    }
    if (["accepted", "refused"].includes(state.delivery)) return;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // No code is awaited any more: the login says why.
    if (error.status === 401) return location.replace("/login");
    if (error.status !== 0) return;
  }
  setTimeout(watchMail, mailInterval);
}

setTimeout(watchMail, mailInterval);

// Codes are often copied with blanks around or inside.
input.addEventListener("input", () => {
  const tidy = input.value.replace(/[\s-]/g, "");
  if (tidy !== input.value) input.value = tidy;
});
