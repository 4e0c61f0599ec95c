"use strict";
(() => {
  const text = document.getElementById("markdown");
  if (!text) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy as Markdown";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      text.closest("details").open = true;
      text.select();
      document.execCommand("copy");
    }
    button.textContent = "Copied";
  });
  document.querySelector("header").append(button);
})();
