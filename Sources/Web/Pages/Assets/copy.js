// Copies what is shown once.

import { say } from "./dom.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const input = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      button.textContent = "Copied";
      say("Copied.");
    } catch {
      // It is selected, so the keyboard can copy it.
      say("Selected. Copy it with the keyboard.");
    }
  });
  button.hidden = false;
}
