/* Explorers on a static page, without a kernel.
 *
 * A notebook stores the state of its widgets, and an anywidget's state holds the widget's own code (`_esm`, a JavaScript
 * module) and style (`_css`). The page carries both as JSON in script tags. For every view tag this script loads the
 * module of its model and calls `render({ model, el })`, as anywidget's front-end module specification has it.
 */
(() => {
  "use strict";
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

  class Model {
    #state;
    #listeners = new Map();
    constructor(state) {
      this.#state = { ...state };
    }
    get(name) {
      return this.#state[name];
    }
    get traits() {
      return { ...this.#state };
    }
    set(name, value) {
      const before = this.#state;
      const entries = Object.entries(typeof name === "object" ? name : { [name]: value });
      const changed = entries.filter(([key, now]) => !Object.is(before[key], now));
      this.#state = { ...before, ...Object.fromEntries(changed) };
      for (const [key, now] of changed) this.#emit(`change:${key}`, this, now);
      if (changed.length) this.#emit("change", this);
    }
    on(names, callback) {
      for (const name of names.split(" ")) this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), callback]);
    }
    off(names, callback) {
      for (const name of names?.split(" ") ?? [...this.#listeners.keys()])
        this.#listeners.set(name, (this.#listeners.get(name) ?? []).filter((other) => callback && other !== callback));
    }
    #emit(name, ...values) {
      for (const callback of this.#listeners.get(name) ?? []) callback(...values);
    }
    save_changes() {} // there is no kernel to save to
    send() {}
  }

  const modules = new Map(); // source text -> promise of the widget's definition
  const load = (source) => {
    if (!modules.has(source)) {
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const definition = import(address).then(async ({ default: it }) => (typeof it === "function" ? await it() : it));
      modules.set(source, definition.finally(() => URL.revokeObjectURL(address)));
    }
    return modules.get(source);
  };

  const styles = new Set();
  const addStyle = (css) => {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  };

  async function show(tag, models) {
    const el = Object.assign(document.createElement("div"), { className: "explorer" });
    tag.after(el);
    try {
      const entry = models.get(JSON.parse(tag.textContent).model_id);
      if (typeof entry?.state._esm !== "string") {
        el.className = "explorer-note";
        el.textContent = "This widget needs a running kernel: open the notebook in JupyterLab to use it.";
        return;
      }
      el.explorer = entry.model; // so that the browser's console can read and set the traits, as a kernel does
      addStyle(entry.state._css);
      entry.ready ??= load(entry.state._esm).then(async (widget) => {
        await widget.initialize?.({ model: entry.model });
        return widget;
      });
      await (await entry.ready).render?.({ model: entry.model, el });
      el.dataset.ready = "true";
    } catch (error) {
      el.className = "explorer-note";
      el.textContent = `This explorer could not be shown: ${error.message}`;
      console.error(error);
    }
  }

  function start() {
    const models = new Map();
    for (const tag of document.querySelectorAll(STATE))
      for (const [id, { state }] of Object.entries(JSON.parse(tag.textContent).state))
        models.set(id, { state, model: new Model(state) });
    for (const tag of document.querySelectorAll(VIEW)) show(tag, models);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
