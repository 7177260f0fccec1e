"""An explorer in a page, as the tests see it: its traits, its controls."""

import numpy as np
from ipywidgets import DOMWidget

PAGE = """<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Explorer</title>
<style>body { margin: 12px; } [data-theme=dark] body { background: #121212; color: #eee; }</style></head>
<body><main><h1>Explorer</h1><div id="a"></div><div id="b"></div></main></body></html>"""
# A model with the few methods that anywidget promises; `set` compares nothing, so every loop of changes would show.
HOST = """async ([id, esm, state]) => {
  const listeners = {};
  const model = {
    get: (name) => state[name],
    set(name, value) { state[name] = value; (listeners[`change:${name}`] || []).forEach((f) => f()); },
    on(event, f) { (listeners[event] ||= []).push(f); },
    off(event, f) { listeners[event] = listeners[event].filter((g) => g !== f); },
    save_changes() { model.saves = (model.saves || 0) + 1; },
    count: () => Object.values(listeners).flat().length,
  };
  const { default: widget } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  const stop = widget.render({ model, el: document.getElementById(id) });
  (window.shown ||= {})[id] = { model, state, stop };
}"""


def state_of(widget) -> dict:
    """The synced traits as the page gets them."""
    return {key: value for key, value in widget.get_state().items() if key not in DOMWidget.class_trait_names() and key[0] != "_"}


def flatten(value) -> np.ndarray:
    return np.asarray(value, float).ravel()


class Shown:
    """An explorer in a page: its traits, its controls."""

    def __init__(self, page, widget, place="a"):
        self.page, self.place = page, place
        page.evaluate(HOST, [place, str(widget._esm), state_of(widget)])
        self.root = page.locator(f"#{place} .rnx")
        page.wait_for_timeout(50)

    def __getitem__(self, trait):
        value = self.page.evaluate("([id, name]) => window.shown[id].state[name]", [self.place, trait])
        return np.array(value) if isinstance(value, list) else value

    def set(self, trait, value):
        self.page.evaluate("([id, name, value]) => window.shown[id].model.set(name, value)", [self.place, trait, value])

    def press(self, name, times=1):
        for _ in range(times):
            self.root.get_by_role("button", name=name, exact=True).click()

    def slide(self, name, value):
        slider = self.root.get_by_label(name, exact=True)
        slider.evaluate("(el, value) => { el.value = value; el.dispatchEvent(new Event('input')); }", value)

    def cells(self, caption) -> list[list[str]]:
        rows = self.root.locator(f"table[aria-label*='{caption}'] tbody tr")
        return [[cell.replace("\u2212", "-") for cell in row.locator("th, td").all_inner_texts()] for row in rows.all()]


class BuiltExplorer(Shown):
    """The i-th explorer of a page of the built book."""

    def __init__(self, page, i: int):
        page.wait_for_function("i => document.querySelectorAll('.explorer')[i]?.dataset.ready", arg=i)
        self.page, self.box = page, page.locator(".explorer").nth(i)
        self.root = self.box.locator(".rnx")

    @property
    def traits(self) -> dict:
        return self.box.evaluate("el => el.explorer.traits")

    def __getitem__(self, trait):
        value = self.traits[trait]
        return np.array(value) if isinstance(value, list) else value

    def set(self, trait, value):
        self.set_all({trait: value})

    def set_all(self, values: dict):
        """Set traits one by one, as a kernel does."""
        self.box.evaluate("(el, values) => { for (const [name, value] of Object.entries(values)) el.explorer.set(name, value); }", values)
