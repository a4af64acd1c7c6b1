// Shows a password to who types it, so that it need not be typed twice.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const word = button.firstChild;
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    word.data = isShown ? "Hide" : "Show";
  };
  button.addEventListener("click", () => { show(input.type === "password"); input.focus(); });
  // A browser remembers what was typed into text fields, but not into passwords.
  input.form.addEventListener("submit", () => show(false));
  button.hidden = false;
}
