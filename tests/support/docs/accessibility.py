"""axe, the accessibility checker, on the pages of the site, in a fraction of its time.

Most of that time goes into the rule ``color-contrast``, which examines each element with text. Its result depends on
the computed style of the element and on the backgrounds behind it, so of all elements that look the same on a page,
three are enough. Other rules examine every element.
"""

from __future__ import annotations

from typing import Any

ONE_OF_EACH_APPEARANCE = """() => {
  const numbers = new Map(), backgrounds = new Map(), counts = new Map();
  const numberOf = text => {
    if (!numbers.has(text)) numbers.set(text, numbers.size + 1);
    return numbers.get(text);
  };
  const behind = element => {  // a number for all backgrounds behind an element, and for what changes their colors
    if (!element) return 0;
    if (!backgrounds.has(element)) {
      const style = getComputedStyle(element);
      const own = ["backgroundColor", "backgroundImage", "opacity", "filter", "mixBlendMode"].map(name => style[name]);
      const outer = behind(element.parentElement);
      const same = own.join() === "rgba(0, 0, 0, 0),none,1,none,normal";
      backgrounds.set(element, same ? outer : numberOf([outer, ...own].join()));
    }
    return backgrounds.get(element);
  };
  for (const element of document.body.querySelectorAll("*")) {
    element.removeAttribute("data-examined");
    const text = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!(text || element.matches("input, textarea, select")) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const key = [behind(element), style.color, style.fontSize, style.fontWeight, style.textShadow].join();
    counts.set(key, (counts.get(key) || 0) + 1);
    element.toggleAttribute("data-examined", counts.get(key) <= 3);
  }
  axe.configure({rules: [{id: "color-contrast", selector: "[data-examined]"}]});
}"""


def violations(page: Any, rules: list[str] | None = None) -> list[tuple[str, str]]:
    """Return the id of each violated rule, of all or of these, and the HTML of the first element that violates it."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(ONE_OF_EACH_APPEARANCE)
    options: dict[str, object] = {"preload": False, "resultTypes": ["violations"]}
    if rules is not None:
        options["runOnly"] = {"type": "rule", "values": rules}
    checked = page.evaluate("options => axe.run(options)", options)
    assert any(rule["id"] == "color-contrast" for rule in checked["passes"] + checked["violations"])
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in checked["violations"]]
