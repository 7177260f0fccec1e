/* Small repairs to the theme's markup, for keyboards and screen readers. */
document.addEventListener("DOMContentLoaded", () => {
  // A label that contradicts the visible text is worse than none.
  for (const el of document.querySelectorAll(".search-button-field[aria-label], .theme-switch-button[aria-label], summary[aria-label]"))
    el.removeAttribute("aria-label");

  // The book's name and the search stand in no landmark otherwise.
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "complementary");
  sidebar?.setAttribute("aria-label", "The book");

  // Who closes a drawer or the search comes back to the button that opened it.
  for (const dialog of document.querySelectorAll("dialog[id^=pst-]")) {
    let opener = null;
    new MutationObserver(() => { if (dialog.open) opener = before; }).observe(dialog, { attributeFilter: ["open"] });
    dialog.addEventListener("close", () => setTimeout(() => opener?.focus()));
  }
  let before = null; // what had the focus last, outside of any dialog
  addEventListener("focusin", ({ target }) => { if (!target.closest("dialog, .bd-sidebar")) before = target; });

  // The theme takes the focus away from a button once it is pressed, so that its tooltip goes: bad for who pressed it by a key.
  addEventListener("click", ({ target, detail }) => {
    const button = target.closest?.("button");
    if (button && detail === 0) setTimeout(() => { if (document.activeElement === document.body) button.focus(); });
  }, true);

  // Paper is white.
  const root = document.documentElement;
  let theme = null;
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) [theme, root.dataset.theme] = [root.dataset.theme, "light"];
    else if (theme) root.dataset.theme = theme;
  });

  // What scrolls sideways must be reachable with the keyboard. (The theme marks a block of code with -1 while it is folded away.)
  const label = { PRE: "Code or output", TABLE: "Table" };
  const reach = () => {
    for (const el of document.querySelectorAll("article pre, article .pst-scrollable-table-container, article div.math, article mjx-container[display], article .output.text_html, article figure")) {
      if (el.scrollWidth <= el.clientWidth) continue;
      el.tabIndex = 0;
      if (el.tagName === "FIGURE" || el.hasAttribute("role")) continue; // a figure has a role and a caption already
      el.setAttribute("role", "group"); // not "region": a page with fifty landmarks has none
      el.setAttribute("aria-label", el.querySelector("table") ? label.TABLE : label[el.tagName] ?? "Equation");
    }
  };
  reach();
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true); // an opened dropdown or hidden cell
  window.MathJax?.startup?.promise?.then(reach);
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(reach));
});
