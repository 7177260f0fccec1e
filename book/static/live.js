/* "Make it live": a cell's own Python, run in the page by JupyterLite's console in a frame.
 *
 * The extension (book/ext/live_buttons.py) has put the code below the cell: the imports of the page and the cell itself. Nothing is
 * loaded before the click. The still figure stands until the live one is there.
 */
(() => {
  "use strict";
  const DONE = ".jp-OutputArea-output img, .jp-OutputArea-output svg, .jp-OutputArea-output pre";

  const HIGHEST = 900;
  // One column that is as high as what it shows. The console by itself halves its height between results and the line to type in,
  // and hides the upper part of the results.
  const LAYOUT = `
    .jp-CodeConsole-split { display: block !important; overflow: hidden auto !important;
      background: var(--jp-layout-color0) !important; }
    .jp-CodeConsole-split > * { position: static !important; width: auto !important; height: auto !important;
      min-height: 0 !important; overflow: visible !important; contain: none !important; }
    .jp-CodeConsole-split > .lm-SplitPanel-handle, .jp-Notification-Status { display: none !important; }
    .jp-CodeConsole-content .jp-Cell.jp-mod-noOutputs:first-child { display: none; }
    [data-jp-theme-light="false"] .jp-OutputArea-output img { filter: brightness(0.88); }
    @media (max-width: 500px) { .jp-CodeConsole-split :is(.jp-InputPrompt, .jp-OutputPrompt) { display: none; } }`;

  const theme = () => (document.documentElement.dataset.theme === "dark" ? "JupyterLab Dark" : "JupyterLab Light");

  function address({ root, code }) {
    const settings = new URLSearchParams({ kernel: "python", execute: "1", hideCodeInput: "1", showBanner: "0" });
    settings.set("theme", theme());
    for (const cell of code) settings.append("code", cell);
    return `${root}repl/index.html#${settings}`;
  }

  /** What has no name for a screen reader gets one. `alt` describes the figure that the first result draws anew. */
  function nameParts(inside, alt) {
    const name = (selector, label, role) => {
      for (const part of inside.querySelectorAll(selector)) {
        const text = typeof label === "function" ? label(part) : label;
        if (text && part.getAttribute("aria-label") !== text) part.setAttribute("aria-label", text);
        if (role) part.setAttribute("role", role);
      }
    };
    const control = (part) => part.closest(".jupyter-widgets")?.querySelector(".widget-label")?.textContent;
    name(".noUi-handle", control);
    name(".widget-readout[contenteditable]", (part) => `${control(part)}: type a value`, "textbox");
    name(".jp-CodeConsole-content", "Results", "group");
    name(".jp-CodeConsole-input", "Line for Python: Enter to type in it", "group");
    name(".jp-CodeConsole-promptCell .cm-content", "Python: Shift + Enter runs it, Escape and then Tab leaves it");
    name(".jp-Cell[aria-label]", null, "group");
    inside.querySelectorAll(".jp-OutputArea-output img:not([alt])").forEach((picture, i) => {
      picture.alt = (!inside.querySelector("img[alt]") && i === 0 && alt) || "Figure drawn by Python";
    });
  }

  /** Resolves when the last cell has shown something; rejects with what went wrong. */
  function result(frame, cells) {
    return new Promise((resolve, reject) => {
      const look = setInterval(() => {
        if (!frame.isConnected) return clearInterval(look);
        const shown = [...(frame.contentDocument?.querySelectorAll(".jp-CodeConsole-content .jp-CodeCell") ?? [])];
        const failed = shown.find((cell) => cell.querySelector("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedError"));
        if (!failed && !(shown.length >= cells && shown[cells - 1].querySelector(DONE))) return;
        clearInterval(look);
        failed ? reject(new Error(failed.textContent.trim().split("\n").pop().slice(0, 200))) : resolve();
      }, 100);
    });
  }

  function setUp(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    const still = box.closest(".cell").querySelector(".cell_output");
    const note = box.querySelector(".live-note");
    const before = note.textContent;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "live-button", textContent: "Make it live" });
    const status = Object.assign(document.createElement("p"), { className: "live-status" });
    status.setAttribute("role", "status");
    box.prepend(button, note, status);
    let frame = null;

    const say = (text, state) => {
      status.textContent = text;
      box.dataset.state = state;
    };

    const stop = () => {
      frame.remove();
      frame = null;
      still?.removeAttribute("hidden");
      button.textContent = "Make it live";
      note.textContent = before;
      say("", "");
    };

    /** As high as what it shows, so that there is one scroll bar and not two, up to a limit; then the line to type in stays in view. */
    const fit = () => {
      const inside = frame?.contentDocument;
      const parts = [...(inside?.querySelectorAll(".jp-CodeConsole-content, .jp-CodeConsole-input") ?? [])];
      const shown = parts.reduce((sum, part) => sum + part.offsetHeight, 0);
      if (!shown) return;
      frame.style.height = `${Math.min(shown + 4, HIGHEST)}px`;
      if (parts.at(-1).contains(inside.activeElement)) parts.at(-1).scrollIntoView({ block: "nearest" });
    };

    /** The console as a part of the page: its layout, its names, its height. */
    const fitIn = () => {
      const inside = frame.contentDocument;
      inside.head.append(Object.assign(inside.createElement("style"), { textContent: LAYOUT }));
      const alt = still?.querySelector("img")?.alt;
      const name = () => nameParts(inside, alt);
      name();
      new frame.contentWindow.MutationObserver(name).observe(inside.body, { childList: true, subtree: true });
      const sizes = new frame.contentWindow.ResizeObserver(fit);
      for (const part of inside.querySelectorAll(".jp-CodeConsole-content, .jp-CodeConsole-input")) sizes.observe(part);
      if (document.activeElement === frame) button.focus(); // the console takes the focus when it starts, and nobody has asked for that
    };

    const start = async () => {
      frame = document.createElement("iframe");
      frame.className = "live-frame";
      frame.title = "Live Python";
      frame.src = address(data);
      box.append(frame);
      button.textContent = "Stop";
      note.textContent = "";
      say("Starting Python: about ten seconds.", "starting");
      const mine = frame;
      try {
        await result(mine, data.code.length);
        if (mine !== frame) return;
        still?.setAttribute("hidden", "");
        say("Live. Move a slider, or type Python into the last line and press Shift + Enter.", "live");
      } catch (error) {
        if (mine === frame) say(`Python stopped with an error: ${error.message}`, "failed");
      }
      if (mine !== frame) return;
      fitIn();
      setTheme(); // it may have been switched meanwhile
    };

    const setTheme = () => frame?.contentWindow?.jupyterapp?.commands.execute("apputils:change-theme", { theme: theme() });

    button.addEventListener("click", () => (frame ? stop() : start()));
    new MutationObserver(setTheme).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  const setUpAll = () => document.querySelectorAll(".live").forEach(setUp);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUpAll);
  else setUpAll();
})();
