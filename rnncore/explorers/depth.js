// The view of the depth explorer.

const BUILD = [["layers", "Layers L", 1, 4, String], ["transition", "Transition depth k", 1, 3, String], ["output", "Output depth", 1, 3, String],
  ["skip", "Skip of steps", 1, LONGEST_DELAY, (s) => (s > 1 ? String(s) : "none")], ["T", "Steps T", 1, 7, String]];
const SETTABLE = [...BUILD.map(([key]) => key), "shortcuts", "edges"];
const WAYS = [1, 2, 4, 8, 16, 32];

const unbroken = (text) => [...text].join("\u2060"); // for a node's name, never broken in two

class DepthView {
  constructor(model, el) {
    this.frame = mount(el, "How deep is a recurrent net?", () => this.draw());
    this.bind = bind(model, [...SETTABLE, "show", "mark", "round"], (name) => (SETTABLE.includes(name) ? this.publish() : this.draw()));
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get round() { return Math.min(this.get("round"), this.last); }

  // ---- what happens ----

  change(values) {
    this.refused = "";
    this.bind.put(values);
    this.publish();
  }

  look(values) {
    this.bind.put(values);
    this.draw();
  }

  /** Compute everything, write it back, draw. */
  publish() {
    this.settings = Object.fromEntries(SETTABLE.map((name) => [name, this.get(name)]));
    this.diagram = diagramOf(this.settings);
    this.found = measures(this.diagram);
    this.into = unroll(this.diagram, this.settings.T);
    this.rounds = roundsOf(this.into);
    this.last = Math.max(...Object.values(this.rounds));
    this.path = longestPath(this.into);
    this.limits = WAYS.map((n) => ({ n, longest: overSteps(this.diagram, n), shortest: overSteps(this.diagram, n, true) }));
    this.bind.put({
      d_r: showFraction(this.found.d_r), d_f: showFraction(this.found.d_f), s: showFraction(this.found.s), n_rounds: this.last, rounds: this.rounds,
      path: this.path, used: this.diagram.edges, over: this.limits.map(({ longest, shortest }) => [longest, shortest]),
    });
    this.draw();
  }

  addEdge() {
    const edge = [this.from.input.value, this.to.input.value, Number(this.delay.input.value)], { extra, edges } = this.diagram;
    const why = extra.length >= MOST_EDGES ? `There is room for ${MOST_EDGES} further edges.` : misfit(edges, edge);
    if (!why) return this.change({ edges: [...extra, edge] });
    this.refused = why;
    this.draw();
  }

  removeEdge(i) {
    this.change({ edges: this.diagram.extra.filter((_, k) => k !== i) });
    (this.extras.querySelectorAll("button")[Math.min(i, this.diagram.extra.length - 1)] || this.addButton).focus();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    this.cell = node("div", { class: "scroll graph", tabindex: 0, role: "group", "aria-label": "Drawing of the cell" });
    this.unrolled = node("div", { class: "scroll graph", tabindex: 0, role: "group", "aria-label": "Drawing of the unfolded net" });
    this.examples = choice("Example", [["own", "as built"], ...Object.entries(EXAMPLES).map(([key, [name]]) => [key, name])],
      (key) => (key === "own" ? this.draw() : this.change({ ...PLAIN, ...EXAMPLES[key][1] })));
    this.showing = choice("Show", [["path", "longest path"], ["order", "order of computation"]], (show) => this.look({ show }));
    this.marking = choice("Mark in the cell", [["deep", "deepest cycle"], ["path", "deepest path"], ["short", "shortest cycle"]], (mark) => this.look({ mark }));
    this.sliders = Object.fromEntries(BUILD.map(([key, text, min, max, show]) => [key, slider(text, { min, max, step: 1, show }, (value) => this.change({ [key]: value }))]));
    this.shortcuts = node("input", { type: "checkbox", onchange: () => this.change({ shortcuts: this.shortcuts.checked }) });
    this.rounding = slider("Rounds done", { min: 0, max: 1, step: 1, show: String }, (round) => this.look({ round, show: "order" }));
    this.nextButton = button("Next round", () => this.look({ round: this.get("show") === "order" && this.round < this.last ? this.round + 1 : 1, show: "order" }), { kind: "main" });
    this.lines = node("div", {});
    this.table = node("div", {});
    this.frame.root.append(
      node("p", { class: "hint" }, "Build a cell. Its graph says how many computations lie between an input and an output, and how many each step of time adds."),
      node("div", { class: "wrap" }, this.examples.root, this.marking.root),
      node("div", { class: "columns halves controls" }, ...BUILD.map(([key]) => this.sliders[key].root), node("label", { class: "check" }, this.shortcuts, "shortcuts past the layers")),
      node("div", { class: "columns drawings" }, node("div", {}, node("p", { class: "part" }, "The cell"), this.cell), node("div", {}, node("p", { class: "part" }, "Unfolded"), this.unrolled)),
      node("div", { class: "columns halves controls" }, this.showing.root, node("div", { class: "rounds" }, this.nextButton, this.rounding.root)),
      this.summary, node("div", { class: "columns two block" }, this.lines, this.table), this.buildEdges());
  }

  buildEdges() {
    this.from = choice("from", [], () => {});
    this.to = choice("to", [], () => {});
    this.delay = slider("delay", { min: 0, max: LONGEST_DELAY, step: 1, show: String }, () => {});
    this.delay.set(2);
    this.addButton = button("Add edge", () => this.addEdge());
    this.extras = node("div", { class: "toolbar" });
    this.why = node("p", { class: "muted why", "aria-live": "polite" });
    return node("div", { class: "block" }, node("p", { class: "part" }, "Further edges"), node("div", { class: "wrap edges" }, this.from.root, this.to.root, this.delay.root, this.addButton), this.why, this.extras);
  }

  // ---- what is seen ----

  draw() {
    if (!this.found) return;
    const { diagram, found, into, rounds } = this, mark = this.get("mark");
    renew(this.cell, cellPicture(diagram, { deep: found.deep, path: found.path, short: found.short }[mark]));
    const path = this.get("show") === "path" ? this.path : null;
    renew(this.unrolled, unrolledPicture(this.unrolled.clientWidth || 300, diagram, this.settings.T, { into, rounds, path, done: this.round }));
    this.drawControls();
    renew(this.lines, ...this.measureLines());
    renew(this.table, this.limitTable());
    const text = this.describe();
    if (this.summary.textContent !== text) this.summary.textContent = text;
    this.frame.say(text);
  }

  drawControls() {
    BUILD.forEach(([key]) => this.sliders[key].set(this.settings[key]));
    this.shortcuts.checked = this.settings.shortcuts;
    this.showing.set(this.get("show"));
    this.marking.set(this.get("mark"));
    this.rounding.input.max = this.last;
    this.rounding.set(this.round);
    const same = ([, values]) => SETTABLE.every((key) => key === "T" || JSON.stringify({ ...PLAIN, ...values }[key]) === JSON.stringify(this.settings[key]));
    this.examples.set(Object.keys(EXAMPLES).find((key) => same(EXAMPLES[key])) || "own");
    const names = this.diagram.nodes.join();
    if (this.offered !== names) {
      this.offered = names;
      for (const [list, without] of [[this.from, ""], [this.to, "x"]]) {
        const kept = list.input.value;
        list.options(this.diagram.nodes.filter((name) => name !== without).map((name) => [name, nameOf(name)]));
        if (this.diagram.nodes.includes(kept)) list.set(kept);
      }
    }
    const told = JSON.stringify(this.diagram.extra);
    if (this.told !== told) {
      this.told = told;
      this.extras.replaceChildren(...this.diagram.extra.map(([a, b, d], i) => button(`Remove ${nameOf(a)} → ${nameOf(b)}, delay ${d}`, () => this.removeEdge(i))));
    }
    this.why.textContent = this.refused || "";
  }

  measureLines() {
    const { deep, path, short, d_r, d_f, s } = this.found, ring = (way) => [...way.map(([a]) => a), way.at(-1)[1]].map((name) => unbroken(nameOf(name))).join("\u00a0→ ");
    const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
    const line = (symbol, index, value, name, told) => [node("dt", {}, index ? sub(symbol, index) : sub(symbol, ""), " = ", node("b", {}, value)), node("dd", {}, node("b", {}, name), told)];
    const paid = delayOf(path);
    return [node("p", { class: "part" }, "Three measures"), node("dl", { class: "lines" },
      ...line("d", "r", showFraction(d_r), "Recurrent depth: ", `the deepest cycle, ${count(deep.length, "edge")} in ${count(delayOf(deep), "step")}: ${ring(deep)}.`),
      ...line("d", "f", showFraction(d_f), "Feed-forward depth: ", `the deepest path, ${count(path.length, "edge")}${paid ? ` less ${paid} · ${showFraction(d_r)} for ${count(paid, "step")}` : ""}: ${ring(path)}.`),
      ...line("s", "", showFraction(s), "Skip coefficient: ", `the shortest cycle, ${count(delayOf(short), "step")} in ${count(short.length, "edge")}: ${ring(short)}.`))];
  }

  limitTable() {
    const per = (length, n) => (length === null ? "none" : fmt(length / n, 2)), of = (length) => (length === null ? "none" : String(length));
    const rows = this.limits.map(({ n, longest, shortest }) => [String(n), of(longest), per(longest, n), of(shortest), shortest === null ? "none" : fmt(n / shortest, 2)]);
    return table("Longest paths (Dₙ) and shortest (dₙ) over n steps", ["n", "Dₙ", "Dₙ / n", "dₙ", "n / dₙ"], rows);
  }

  describe() {
    const { T } = this.settings, { d_r, d_f, s } = this.found, size = Object.keys(this.into).filter((key) => !key.startsWith("x@")).length;
    const head = `Recurrent depth ${showFraction(d_r)}, feed-forward depth ${showFraction(d_f)}, skip coefficient ${showFraction(s)}.`;
    if (this.get("show") === "path") {
      const bound = reduced([d_f[0] * d_r[1] + (T - 1) * d_r[0] * d_f[1], d_f[1] * d_r[1]]), edges = this.path.length - 1;
      return `${head} Longest path from an input to an output of T = ${T} ${T === 1 ? "step" : "steps"}: ${edges} edges, of at most ${showFraction(d_f)} + ${T - 1} · ${showFraction(d_r)} = ${showFraction(bound)}.`;
    }
    const now = Object.keys(this.rounds).filter((key) => this.rounds[key] === this.round && this.round > 0);
    const named = now.map((key) => { const [name, t] = key.split("@"); return unbroken(nameOf(name) + below(t)); });
    return `${head} ${size} nodes to compute, in ${this.last} rounds. ${this.round ? `Round ${this.round}: ${named.join(", ")}${named.length > 1 ? ", at the same time" : ""}.` : "None is done yet."}`;
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new DepthView(model, el);
    return () => view.remove();
  },
};
