/* "Make it live": a cell's own Python, run in the page by JupyterLite's console in a frame.
 *
 * The extension (book/ext/live_buttons.py) has put the code below the cell: the imports of the page and the cell itself. Nothing is
 * loaded before the click. The still figure stands until the live one is there.
 */
(() => {
  "use strict";
  const DONE = ".jp-OutputArea-output img, .jp-OutputArea-output svg, .jp-OutputArea-output pre";

  const isDark = () => document.documentElement.dataset.theme === "dark";

  function address({ root, code }) {
    const settings = new URLSearchParams({ kernel: "python", execute: "1", hideCodeInput: "1", showBanner: "0" });
    settings.set("theme", isDark() ? "JupyterLab Dark" : "JupyterLab Light");
    for (const cell of code) settings.append("code", cell);
    return `${root}repl/index.html#${settings}`;
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
        failed ? reject(new Error(failed.textContent.trim().slice(0, 200))) : resolve();
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

    /** As high as what it shows, so that there is one scroll bar and not two. */
    const fit = () => {
      const cells = frame?.contentDocument?.querySelectorAll(".jp-CodeConsole-content > *");
      const shown = [...(cells ?? [])].reduce((sum, cell) => sum + cell.offsetHeight, 0);
      if (shown) frame.style.height = `${Math.min(shown + 130, 900)}px`; // and room for the line to type in
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
        fit();
        new (mine.contentWindow.ResizeObserver)(fit).observe(mine.contentDocument.querySelector(".jp-CodeConsole-content"));
        say("Live. Move a slider, or type Python into the last line and press Shift + Enter.", "live");
      } catch (error) {
        if (mine === frame) say(`Python stopped with an error: ${error.message}`, "failed");
      }
    };

    button.addEventListener("click", () => (frame ? stop() : start()));
  }

  const setUpAll = () => document.querySelectorAll(".live").forEach(setUp);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUpAll);
  else setUpAll();
})();
