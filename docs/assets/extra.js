// What the theme adds to a page after it has loaded: make it usable by keyboard and screen reader, and copy only commands.

function improve() {
  // A wide table scrolls sideways, so it must be reachable by keyboard.
  for (const region of document.querySelectorAll(".md-typeset__scrollwrap")) region.tabIndex = 0
  for (const bar of document.querySelectorAll(".md-code__nav")) {
    // It holds a button, and is no place to navigate to.
    bar.setAttribute("role", "none")
    // Of a terminal, neither the prompts nor the output are copied.
    const code = bar.parentElement.querySelector("code")
    if (!code || !code.querySelector(".gp")) continue
    const typed = code.cloneNode(true)
    for (const part of typed.querySelectorAll(".gp, .go")) part.remove()
    const lines = typed.textContent.split("\n").map((line) => line.trim())
    const button = bar.querySelector("button")
    if (button) button.dataset.clipboardText = lines.filter(Boolean).join("\n")
  }
}

improve()
new MutationObserver(improve).observe(document.body, { childList: true, subtree: true })
