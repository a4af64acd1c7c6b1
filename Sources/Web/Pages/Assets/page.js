// On every page: times in the person's own zone, and the way to what went wrong.

import { showTime } from "./dom.js";

for (const time of document.querySelectorAll("time[datetime]")) showTime(time);

const errors = document.getElementById("errors");
errors?.focus();

// Without this the link scrolls to the field but some browsers leave the focus behind.
errors?.addEventListener("click", (event) => {
  const id = event.target.closest("a")?.hash.slice(1);
  const field = id && document.getElementById(id);
  if (!field) return;
  event.preventDefault();
  field.focus();
});
