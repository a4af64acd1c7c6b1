// A new picture without a new page, and the letters by ear.

import { Problem, call } from "./api.js";
import { part } from "./dom.js";

const field = document.getElementById("captcha-field");
const image = part(field, "image");
const audio = part(field, "audio");
const listen = part(field, "listen");
const refresh = part(field, "refresh");
const note = part(field, "note");
const answer = document.getElementById("captcha");

const missing = "The picture cannot be shown now. Try a new one in a moment; after many pictures it takes some minutes.";
let expiry;

function expect(seconds) {
  clearTimeout(expiry);
  expiry = setTimeout(() => renew("The picture was too old; here is a new one."), seconds * 1000);
}

async function renew(message) {
  refresh.disabled = true;
  try {
    const { id, secondsLeft = 300 } = await call("GET", "/login/captcha");
    audio.pause();
    const path = `/captcha/${encodeURIComponent(id)}`;
    image.src = `${path}.png`;
    audio.src = `${path}.wav`;
    part(field, "id").value = id;
    answer.value = "";
    note.textContent = message;
    expect(secondsLeft);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    note.textContent = error.message;
  } finally {
    refresh.disabled = false;
  }
}

function showPlaying(isPlaying) {
  listen.setAttribute("aria-pressed", String(isPlaying));
}

refresh.addEventListener("click", async () => {
  await renew("Here is a new picture.");
  answer.focus();
});

image.addEventListener("error", () => { note.textContent = missing; });
// It may have failed before this was loaded.
if (image.complete && image.naturalWidth === 0) note.textContent = missing;

listen.addEventListener("click", () => {
  if (!audio.paused) return audio.pause();
  audio.currentTime = 0;
  audio.play().catch(() => { note.textContent = "The sound cannot be played here."; });
});
audio.addEventListener("play", () => showPlaying(true));
audio.addEventListener("pause", () => showPlaying(false));
audio.addEventListener("ended", () => { showPlaying(false); answer.focus(); });

part(field, "reload").hidden = true;
audio.hidden = true;
refresh.hidden = false;
listen.hidden = false;
expect(Number(field.dataset.life));
