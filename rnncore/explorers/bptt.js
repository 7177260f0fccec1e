// The view of the BPTT explorer.

const SLIDERS = [["u", "u (input)", -3, 3], ["w", "w (recurrent)", -3, 3], ["v", "v (output)", -3, 3], ["b", "b (bias)", -2, 2], ["c", "c (bias)", -2, 2], ["h0", "h₀ (start)", -1, 1]];

class BPTTView {
  constructor(model, el) {
    this.frame = mount(el, "Backpropagation through time, one step at a time", () => this.draw());
    this.bind = bind(model, [...WEIGHTS, "x", "targets", "position", "path_loss", "path_weight"], (name) => this.outside(name));
    this.timer = 0;
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get params() { return Object.fromEntries(WEIGHTS.map((key) => [key, this.get(key)])); }
  get T() { return this.get("x").length; }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    if (name === "path_loss" || name === "path_weight" || name === "position") return this.draw();
    if (this.get("targets").length === this.T) this.publish(); // Python sets x and targets one after the other
  }

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  /** Compute everything, write it back, draw. */
  publish() {
    const p = this.params;
    this.steps = scalarForward(p, this.get("x"), this.get("targets"));
    this.back = scalarBackward(p, this.steps);
    this.grads = gradientSums(this.back);
    this.numerical = numericalGradients(p, this.get("x"), this.get("targets"));
    const of = (name) => this.steps.map((step) => step[name]);
    this.bind.put({
      a: of("a"), h: of("h"), o: of("o"), losses: of("loss"), loss: sumOfLosses(this.steps), grads: this.grads, numerical: this.numerical,
      delta: this.back.map(({ da }) => da), paths_w: pathMatrix(p, this.steps, "w"), paths_u: pathMatrix(p, this.steps, "u"),
    });
    this.draw();
  }

  goTo(position) {
    this.bind.put({ position: Math.max(0, Math.min(2 * this.T, position)) });
    this.draw();
  }

  forward() { if (this.get("position") < this.T) this.goTo(this.get("position") + 1); }
  backward() { if (this.get("position") >= this.T) this.goTo(this.get("position") + 1); }

  play() {
    if (this.timer) return this.pause();
    if (this.get("position") === 2 * this.T) this.goTo(0);
    this.timer = setInterval(() => {
      this.goTo(this.get("position") + 1);
      if (this.get("position") === 2 * this.T) this.pause();
    }, 900);
    this.draw();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.playButton.textContent = "Play";
  }

  by(action) { return () => { this.pause(); action(); }; }

  /** Another length: shortened, or filled up with zeros. */
  setLength(T) {
    const fit = (values) => Array.from({ length: T }, (_, t) => values[t] ?? 0);
    this.pause();
    this.bind.put({ position: 0, path_loss: 0, x: fit(this.get("x")), targets: fit(this.get("targets")) });
    this.publish();
  }

  setValue(name, t, value) {
    const values = [...this.get(name)];
    values[t] = value;
    this.change({ [name]: values });
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    for (const name of ["picture", "stack", "lines", "sums", "bars", "factors", "sequence"]) this[name] = node("div", {});
    this.picture = node("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Drawing of the unfolded net" });
    this.frame.root.append(
      node("p", { class: "hint" }, "Forward pushes what each step will need. Backward pops it, and the gradient flows from the last step to the first."),
      this.buildButtons(), this.summary,
      node("div", { class: "columns bptt" }, this.picture, this.stack), node("div", { class: "columns uneven block" }, this.lines, this.sums),
      this.buildWeights(), this.buildPaths());
  }

  buildButtons() {
    this.forwardButton = button("Forward", this.by(() => this.forward()), { kind: "main", name: "Forward one step" });
    this.backwardButton = button("Backward", this.by(() => this.backward()), { kind: "main", name: "Backward one step" });
    this.playButton = button("Play", () => this.play());
    return toolbar("Passes", this.forwardButton, this.backwardButton, this.playButton, button("Reset", this.by(() => this.goTo(0))));
  }

  buildWeights() {
    this.sliders = Object.fromEntries(SLIDERS.map(([key, text, min, max]) => [key, slider(text, { min, max, step: 0.01 }, (value) => this.change({ [key]: value }))]));
    this.length = choice("Length T", [2, 3, 4, 5, 6].map((T) => [T, String(T)]), (value) => this.setLength(Number(value)));
    const left = node("div", { class: "aligned" }, node("p", { class: "part" }, "Weights"), ...SLIDERS.map(([key]) => this.sliders[key].root));
    const right = node("div", {}, node("p", { class: "part" }, "Sequence"), this.length.root, this.sequence);
    return node("div", { class: "columns uneven block" }, left, right);
  }

  buildPaths() {
    this.pathLoss = choice("of the loss", [], (value) => { this.bind.put({ path_loss: Number(value) }); this.draw(); });
    this.pathWeight = choice("with respect to", [["w", "w"], ["u", "u"]], (value) => { this.bind.put({ path_weight: value }); this.draw(); });
    return node("div", { class: "block" }, node("p", { class: "part" }, "The gradient as a sum over paths"),
      node("div", { class: "wrap" }, this.pathLoss.root, this.pathWeight.root), node("div", { class: "columns uneven block" }, this.bars, this.factors));
  }

  /** The number fields of the sequence, built again when T changes. */
  buildSequence() {
    const field = (name, text, t) => numberField(`${text} at t = ${t + 1}`, (value) => this.setValue(name, t, value));
    const make = (name, text) => Array.from({ length: this.T }, (_, t) => field(name, text, t));
    this.fields = { x: make("x", "x"), targets: make("targets", "target y*") };
    const row = (head, fields) => [head, ...fields.map(({ root }) => root)];
    this.sequence.style.setProperty("--steps", this.T);
    this.sequence.replaceChildren(table("Inputs and targets", ["t", ...this.fields.x.map((_, t) => String(t + 1))], [row(sub("x", "t"), this.fields.x), row(sub("y*", "t"), this.fields.targets)], "fields"));
    this.pathLoss.options([[0, `L (all ${this.T})`], ...this.fields.x.map((_, t) => [t + 1, `L${below(t + 1)}`])]);
  }

  // ---- what is seen ----

  draw() {
    if (!this.steps || this.steps.length !== this.T) return;
    const position = Math.min(this.get("position"), 2 * this.T), T = this.T;
    const forward = Math.min(position, T), left = position > T ? 2 * T - position : T; // steps still on the stack
    const now = position === 0 ? null : position <= T ? position - 1 : left;
    if (!this.fields || this.fields.x.length !== T) this.buildSequence();
    const width = Math.max(this.picture.clientWidth || 320, 84 + 60 * T);
    this.picture.replaceChildren(bpttPicture(Math.min(width, 84 + 190 * T), this.steps, forward, this.back.map((g, t) => (t >= left ? g : null)), now));
    this.drawControls(position);
    this.stack.replaceChildren(this.stackTable(position <= T ? forward : left));
    this.lines.replaceChildren(...this.explain(position, now));
    this.sums.replaceChildren(this.sumsTable(position, left));
    this.drawPaths();
    const text = this.describe(position, now);
    this.summary.textContent = text;
    this.frame.say(text);
  }

  drawControls(position) {
    SLIDERS.forEach(([key]) => this.sliders[key].set(this.get(key)));
    for (const name of ["x", "targets"]) this.fields[name].forEach((field, t) => field.set(this.get(name)[t]));
    this.length.set(this.T);
    this.pathLoss.set(this.get("path_loss"));
    this.pathWeight.set(this.get("path_weight"));
    this.forwardButton.setAttribute("aria-disabled", position >= this.T);
    this.backwardButton.setAttribute("aria-disabled", position < this.T || position >= 2 * this.T);
    this.playButton.textContent = this.timer ? "Pause" : "Play";
  }

  /** The stack, its top above: what forward pushed and backward has not popped. */
  stackTable(size) {
    const row = (step, t) => (t < size ? [String(t + 1), fmt(step.x), fmt(step.before), fmt(step.a), fmt(step.h)] : [String(t + 1), "", "", "", ""]);
    const rows = this.steps.map(row).reverse();
    const built = table(`Stack: ${size} of ${this.T} steps`, ["t", "xₜ", "hₜ₋₁", "aₜ", "hₜ"], rows, "stack");
    built.querySelectorAll("tbody tr").forEach((tr, i) => tr.classList.toggle("held", this.T - i <= size));
    return built;
  }

  explain(position, now) {
    if (position === 0) return [node("p", { class: "part" }, "Nothing computed yet"), node("p", { class: "muted" }, "Go forward to push the first step.")];
    const head = position <= this.T ? `Forward, t = ${now + 1}: push` : `Backward, t = ${now + 1}: pop`;
    const lines = position <= this.T ? this.forwardLines(now) : this.backwardLines(now);
    return [node("p", { class: "part" }, head), node("dl", { class: "lines" }, ...lines.flatMap(([cls, left, middle, value]) => [node("dt", { class: cls }, left), node("dd", {}, middle, " = ", node("b", {}, fmt(value, 4)))]))];
  }

  forwardLines(t) {
    const s = this.steps[t], p = this.params, n = below(t + 1), m = below(t);
    return [
      ["", `a${n}`, `u x${n} + w h${m} + b = ${term(p.u)} · ${term(s.x)} + ${term(p.w)} · ${term(s.before, 4)} + ${term(p.b)}`, s.a],
      ["h", `h${n}`, `tanh(a${n})`, s.h], ["o", `o${n}`, `v h${n} + c = ${term(p.v)} · ${term(s.h, 4)} + ${term(p.c)}`, s.o],
      ["", `L${n}`, `½ (o${n} − y*${n})²`, s.loss],
    ];
  }

  backwardLines(t) {
    const g = this.back[t], n = below(t + 1), last = t === this.T - 1;
    const carried = last ? "0 (no later step)" : `w δ${below(t + 2)}`;
    return [
      ["g", `∂L/∂o${n}`, `o${n} − y*${n}`, g.dO], ["g", "carried", carried, g.carried],
      ["g", `∂L/∂h${n}`, `v ∂L/∂o${n} + carried = ${term(g.fromReadout, 4)} + ${term(g.carried, 4)}`, g.dh],
      ["g", `δ${n}`, `(1 − h${n}²) ∂L/∂h${n} = ${fmt(1 - this.steps[t].h ** 2, 4)} · ${term(g.dh, 4)}`, g.da],
      ["g", t ? `to h${below(t)}` : "∂L/∂h₀", `w δ${n}`, g.send],
    ];
  }

  /** What this step adds and the sums so far; at the end the sums against central differences of the whole loss. */
  sumsTable(position, left) {
    if (position <= this.T) return table("Gradients ∂L/∂… by central differences, to compare with", ["∂…", "check"], WEIGHTS.map((key) => [this.gradientName(key), fmt(this.numerical[key], 4)]), "sums");
    const done = position === 2 * this.T, sums = gradientSums(this.back, left), n = below(left + 1);
    const rules = { u: `δ${n} x${n}`, w: `δ${n} h${below(left)}`, v: `∂L/∂o${n} h${n}`, b: `δ${n}`, c: `∂L/∂o${n}` };
    const added = { ...this.back[left].add, h0: this.back[0].send };
    const soFar = (key) => [this.gradientName(key), ...(key === "h0" ? ["", "", ""] : [rules[key], fmt(added[key], 4), fmt(sums[key], 4)])];
    if (!done) return table("Gradients ∂L/∂…: what this step adds, and the sums so far", ["∂…", "rule", "added", "sum"], WEIGHTS.map(soFar), "sums");
    const checked = (key) => [this.gradientName(key), fmt(added[key], 4), fmt(sums[key], 4), fmt(this.numerical[key], 4), fmtError(Math.abs(sums[key] - this.numerical[key]))];
    return table("Gradients ∂L/∂…, complete; checked by central differences", ["∂…", "added", "sum", "check", "error"], WEIGHTS.map(checked), "sums");
  }

  gradientName(key) { return key === "h0" ? sub("h", "0") : node("span", { class: "symbol" }, key); }

  drawPaths() {
    const t = Math.min(this.get("path_loss"), this.T), key = this.get("path_weight"), p = this.params;
    const matrix = pathMatrix(p, this.steps, key);
    const values = t ? matrix[t - 1].slice(0, t) : this.steps.map((_, k) => matrix.reduce((sum, row) => sum + row[k], 0));
    const recursion = gradientSums(scalarBackward(p, this.steps, t ? t - 1 : null))[key];
    const sum = values.reduce((a, b) => a + b, 0);
    const name = `∂L${t ? below(t) : ""}/∂${key}`;
    const rows = values.map((value, k) => ({ name: `k = ${k + 1}`, value, text: fmt(value, 4), cls: "g" }));
    const reach = Math.max(...values.map(Math.abs), 1e-12);
    this.bars.replaceChildren(barRows(Math.max(240, this.bars.clientWidth || 300), `Part of ${name} through step k`, rows, reach, `Parts of ${name} through each step k: ${rows.map((r) => r.text).join(", ")}`),
      node("p", { class: "path-sum" }, "Sum over paths ", node("b", {}, fmt(sum, 6)), ", recursion ", node("b", {}, fmt(recursion, 6)), ", difference ", fmtError(Math.abs(sum - recursion)), "."));
    this.factors.replaceChildren(t ? this.factorTable(t, key) : this.allPathsTable(matrix, key));
  }

  factorTable(t, key) {
    const n = below(t);
    const rows = pathTerms(this.params, this.steps, t - 1, key).map((f, k) => [String(k + 1), fmt(f.dLdh, 3), fmt(f.reach, 3), fmt(f.immediate, 3), fmt(f.value, 4)]);
    return table("The three factors of each path", ["k", `∂L${n}/∂h${n}`, `∂h${n}/∂hₖ`, `∂⁺hₖ/∂${key}`, "product"], rows);
  }

  allPathsTable(matrix, key) {
    const rows = matrix.map((row, t) => [`L${below(t + 1)}`, ...row.map((value, k) => (k <= t ? fmt(value, 3) : "")), fmt(row.reduce((a, b) => a + b, 0), 3)]);
    return table(`Paths to ∂L/∂${key}: a row per loss, a column per step k`, ["loss", ...this.steps.map((_, k) => String(k + 1)), "sum"], rows, "paths");
  }

  describe(position, now) {
    const T = this.T, loss = `L = ${fmt(sumOfLosses(this.steps), 3)}`;
    if (position === 0) return `Ready: ${T} steps, empty stack.`;
    if (position < T) return `Forward step ${now + 1} of ${T}: h${below(now + 1)} = ${fmt(this.steps[now].h)} pushed.`;
    if (position === T) return `Forward pass complete, ${loss}. The stack holds ${T} steps. Now backward.`;
    if (position < 2 * T) return `Backward step at t = ${now + 1}: δ${below(now + 1)} = ${fmt(this.back[now].da)}; ${fmt(this.back[now].send)} flows on to h${below(now)}.`;
    const worst = Math.max(...WEIGHTS.map((key) => Math.abs(this.grads[key] - this.numerical[key])));
    return `Backward pass complete, ${loss}. Largest difference from central differences: ${fmtError(worst)}.`;
  }

  remove() {
    clearInterval(this.timer);
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new BPTTView(model, el);
    return () => view.remove();
  },
};
