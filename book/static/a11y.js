/* Small repairs to the theme's markup, for keyboards and screen readers. */
document.addEventListener("DOMContentLoaded", () => {
  // A label that contradicts the visible text is worse than none.
  for (const el of document.querySelectorAll(".search-button-field[aria-label], .theme-switch-button[aria-label], summary[aria-label]"))
    el.removeAttribute("aria-label");

  // What scrolls sideways must be reachable with the keyboard.
  const label = { PRE: "Code or output", TABLE: "Table" };
  const reach = () => {
    for (const el of document.querySelectorAll("article pre, article .pst-scrollable-table-container, article div.math, article .output.text_html, article figure")) {
      if (el.scrollWidth <= el.clientWidth + 1 || el.hasAttribute("tabindex")) continue;
      el.tabIndex = 0;
      if (el.tagName === "FIGURE") continue; // it has a role and a caption already
      el.setAttribute("role", "region");
      el.setAttribute("aria-label", el.querySelector("table") ? label.TABLE : label[el.tagName] ?? "Equation");
    }
  };
  reach();
  addEventListener("resize", reach);
  window.MathJax?.startup?.promise?.then(reach);
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(reach));
});
