// Asks before something is lost. Forms with data-confirm ask by themselves.

import { part } from "./dom.js";

const dialog = document.getElementById("confirm-dialog");

/** Resolves to whether the person agreed. The focus returns to where it was. */
export function ask({ title, name = "", text, action }) {
  dialog.querySelector("#confirm-title").textContent = title;
  part(dialog, "name").textContent = name;
  part(dialog, "text").textContent = text;
  part(dialog, "action").textContent = action;
  // Else Escape would give the answer of the time before.
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { confirm: title, confirmName: name, confirmText: text, confirmAction: action } = form.dataset;
    // submit() unlike requestSubmit() does not come back here.
    if (await ask({ title, name, text, action })) form.submit();
  });
}
