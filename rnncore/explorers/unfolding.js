// The view of the unfolding explorer.

const SETTERS = [["u", "u (input)", -3, 3], ["w", "w (recurrent)", -3, 3], ["b", "b (bias)", -2, 2], ["v", "v (output)", -3, 3], ["c", "c (bias)", -2, 2], ["h0", "h₀ (start)", -1, 1]];
const OPENING = 700; // milliseconds

class UnfoldingView {
  constructor(model, el) {
    this.frame = mount(el, "Fold and unfold: one net, two drawings", () => this.draw());
    this.bind = bind(model, [...SHARED, "h0", "x", "pattern", "unfolded", "weight", "step"], (name) => this.outside(name));
    this.open = this.get("unfolded");
    this.memory = [1, -0.5, 0.8, 0.3, -1, 0.6, 0.2, -0.7]; // what a longer sequence is filled with
    this.moving = 0;
    this.pointed = ""; // the weight under the pointer or with the focus
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get T() { return this.get("x").length; }
  get step() { return Math.min(this.get("step"), this.T); }
  get lit() { return this.pointed || this.get("weight"); }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    if (name === "unfolded") { this.halt(); this.open = this.get("unfolded"); }
    if (name === "unfolded" || name === "weight" || name === "step") this.draw();
    else this.publish();
  }

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  /** Compute everything, write it back, draw. */
  publish() {
    const p = Object.fromEntries([...SHARED, "h0"].map((key) => [key, this.get(key)])), pattern = this.get("pattern"), x = this.get("x");
    x.forEach((value, t) => { this.memory[t] = value; });
    this.net = { p, pattern, steps: unfoldedForward(p, pattern, x) };
    this.uses = countUses(pattern, x.length);
    this.bind.put({
      h: this.net.steps.map(({ h }) => h), o: this.net.steps.map(({ o }) => o).filter((o) => o !== null),
      uses: this.uses, n_params: SHARED.length, n_own: total(this.uses),
    });
    this.draw();
  }

  setLength(T) {
    const step = Math.min(this.get("step"), T);
    this.change({ x: resized(this.get("x"), this.memory, T), ...(step === this.get("step") ? {} : { step }) });
  }

  /** Open or close by the slider: at once, as the hand moves. */
  slide(unfolded) {
    this.halt();
    this.open = unfolded;
    this.bind.put({ unfolded });
    this.draw();
  }

  /** Open or close by the button: in one movement, or at once for readers who want none. */
  toggle() {
    const from = this.open, to = this.get("unfolded") < 0.5 ? 1 : 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.slide(to);
    this.halt();
    this.bind.put({ unfolded: to });
    this.draw();
    const began = performance.now();
    const move = (now) => {
      const part = ramp(now - began, 0, OPENING), eased = part * part * (3 - 2 * part);
      this.open = mix(from, to, eased);
      this.moving = part < 1 ? requestAnimationFrame(move) : 0;
      this.drawPicture();
    };
    this.moving = requestAnimationFrame(move);
  }

  halt() {
    cancelAnimationFrame(this.moving);
    this.moving = 0;
  }

  /** Mark the copies of a weight, or unmark them. */
  mark(weight) {
    this.bind.put({ weight: this.get("weight") === weight ? "" : weight });
    this.draw();
  }

  /** Mark the past of a step, and bring its column into sight where the picture scrolls. */
  pick(step) {
    this.bind.put({ step });
    this.draw();
    const column = this.picture.querySelector(".band.now");
    if (!column || this.picture.scrollWidth <= this.picture.clientWidth) return;
    const left = column.x.baseVal.value, over = left + column.width.baseVal.value - this.picture.clientWidth;
    this.picture.scrollLeft = Math.min(left, Math.max(this.picture.scrollLeft, over));
  }

  /** Light up the copies of a weight while it is pointed at or has the focus. */
  point(weight) {
    if (weight === this.pointed) return;
    this.pointed = weight;
    this.frame.root.dataset.lit = this.lit;
    this.tell();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    this.picture = node("div", { class: "scroll unfolding", tabindex: 0, role: "group", "aria-label": "Drawing of the net" });
    this.picture.addEventListener("click", (event) => this.click(event.target));
    this.picture.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") this.point(event.target.closest("[data-weight]")?.dataset.weight || ""); });
    this.picture.addEventListener("pointerleave", () => this.point(""));
    this.formulas = node("div", { class: "formulas block" });
    this.counts = node("div", {});
    this.frame.root.append(
      node("p", { class: "hint" }, "One input, one hidden unit, one output: U, W and V are the numbers u, w and v. Point at a weight to see its copies, at a step to see its past."),
      this.buildControls(), this.picture, this.summary, this.formulas, this.buildSettings());
  }

  click(target) {
    const weight = target.closest("[data-weight]"), column = target.closest("[data-step]");
    if (weight) return this.mark(weight.dataset.weight);
    if (column) this.pick(this.step === Number(column.dataset.step) ? 0 : Number(column.dataset.step));
  }

  buildControls() {
    this.foldButton = button("Fold", () => this.toggle(), { kind: "main" });
    this.opening = slider("Unfolded", { min: 0, max: 1, step: 0.01, show: (part) => `${Math.round(100 * part)}\u00a0%` }, (part) => this.slide(part));
    this.length = slider("Length T", { min: 1, max: LONGEST, step: 1, show: String }, (T) => this.setLength(T));
    this.stepping = slider("Past of step t", { min: 0, max: LONGEST, step: 1, show: (t) => (t ? String(t) : "none") }, (t) => this.pick(t));
    this.pattern = choice("Pattern", PATTERNS, (pattern) => this.change({ pattern }));
    const names = { u: "u, input to hidden", w: "w, the recurrent weight", b: "b, bias of the hidden unit", v: "v, hidden to output", c: "c, bias of the output" };
    this.marks = SHARED.map((key) => this.lights(key, button(key, () => this.mark(key), { name: names[key], kind: `mark ${key}` })));
    const marks = node("div", { class: "marks" }, node("span", { "aria-hidden": "true" }, "Copies of"), toolbar("Mark the copies of a weight", ...this.marks));
    return node("div", { class: "columns halves controls" }, node("div", { class: "opening" }, this.foldButton, this.opening.root), this.length.root, this.stepping.root, marks, this.pattern.root);
  }

  /** Pointing at this element, or the focus in it, lights up the copies of the weight. */
  lights(key, element) {
    for (const event of ["mouseenter", "focusin", "input"]) element.addEventListener(event, () => this.point(key));
    for (const event of ["mouseleave", "focusout"]) element.addEventListener(event, () => this.point(""));
    return element;
  }

  buildSettings() {
    this.sliders = Object.fromEntries(SETTERS.map(([key, text, min, max]) => [key, slider(text, { min, max, step: 0.01 }, (value) => this.change({ [key]: value }))]));
    SHARED.forEach((key) => this.lights(key, this.sliders[key].root));
    const kinds = [["own", "as typed"], ...Object.entries(SEQUENCES).map(([kind, [name]]) => [kind, name])];
    this.kind = choice("Input", kinds, (kind) => (kind === "own" ? this.draw() : this.change({ x: sequence(kind, this.T) })));
    this.fieldBox = node("div", { class: "inputs" });
    return node("div", { class: "columns halves block" },
      node("div", { class: "weights" }, node("p", { class: "part" }, "Weights, each stored once"), ...SETTERS.map(([key]) => this.sliders[key].root)),
      node("div", {}, node("p", { class: "part" }, "Input sequence"), this.kind.root, this.fieldBox, this.counts));
  }

  /** The number fields of the sequence, built again when T changes. */
  buildFields() {
    const edit = (t) => (value) => this.change({ x: this.get("x").map((old, k) => (k === t ? value : old)) });
    this.fields = Array.from({ length: this.T }, (_, t) => numberField(`x at t = ${t + 1}`, edit(t)));
    this.fieldBox.replaceChildren(...this.fields.map((field, t) => node("div", {}, node("span", { class: "x", "aria-hidden": "true" }, sub("x", t + 1)), field.root)));
  }

  // ---- what is seen ----

  draw() {
    if (!this.net) return;
    this.net.step = this.step;
    this.drawPicture();
    this.drawControls();
    this.renew(this.formulas, [this.net, this.step, [0, 1].indexOf(this.get("unfolded"))], () => this.formulaLines());
    this.renew(this.counts, [this.get("pattern"), this.T], () => this.countLines());
    this.tell();
  }

  tell() {
    const text = this.describe();
    if (this.summary.textContent !== text) this.summary.textContent = text;
    this.frame.say(text);
  }

  /** New content for an element, if what it is made from has changed. */
  renew(element, from, make) {
    if (element.from && from.every((value, i) => value === element.from[i])) return;
    element.from = from;
    element.replaceChildren(...make());
  }

  drawPicture() {
    const left = this.picture.scrollLeft;
    this.picture.replaceChildren(unfoldingPicture(this.picture.clientWidth || 320, this.net, this.open));
    this.picture.scrollLeft = left;
    this.frame.root.dataset.lit = this.lit;
  }

  drawControls() {
    const unfolded = this.get("unfolded"), x = this.get("x");
    this.foldButton.textContent = unfolded < 0.5 ? "Unfold" : "Fold";
    this.opening.set(unfolded);
    this.length.set(this.T);
    this.stepping.input.max = this.T;
    this.stepping.set(this.step);
    this.pattern.set(this.get("pattern"));
    this.marks.forEach((mark, i) => mark.setAttribute("aria-pressed", this.get("weight") === SHARED[i]));
    SETTERS.forEach(([key]) => this.sliders[key].set(this.get(key)));
    this.sliders.h0.root.hidden = this.get("pattern") === "output"; // it starts from ŷ₀ = 0
    if (!this.fields || this.fields.length !== this.T) this.buildFields();
    this.fields.forEach((field, t) => field.set(x[t]));
    this.kind.set(kindOf(x));
  }

  formulaLines() {
    const { pattern, steps, p } = this.net, output = pattern === "output", last = pattern === "last", t = this.step;
    const w = (key) => node("span", { class: `weight ${key}` }, key), r = output ? "ŷ" : "h";
    const now = { 0: "circuit", 1: "unfolded" }[this.get("unfolded")];
    const line = (head, ...parts) => [node("dt", { class: head === now ? "now" : null }, head), node("dd", {}, ...parts)];
    const named = line("with", `f(${r}, x) = tanh(`, w("u"), " x + ", w("w"), ` ${r} + `, w("b"), "),  g(h) = ", w("v"), " h + ", w("c"));
    const answer = output ? ["ŷₜ = oₜ = g(hₜ)"] : last ? [`o${below(this.T)} = g(h${below(this.T)})`] : ["oₜ = g(hₜ)"];
    const n = (value, digits) => (short(value, digits)[0] === "\u2212" ? `(${short(value, digits)})` : short(value, digits));
    const s = steps[t - 1], numbers = t ? line(`step ${t}`, `h${below(t)} = tanh(${n(p.u)} · ${n(s.x)} + ${n(p.w)} · ${n(s.before, 3)} + ${n(p.b)}) = tanh(${short(s.a, 3)}) = `, node("b", {}, short(s.h)),
      ...(s.o === null ? [] : [`,  o${below(t)} = ${n(p.v)} · ${n(s.h, 3)} + ${n(p.c)} = `, node("b", {}, short(s.o))])) : [];
    return [node("p", { class: "part" }, "The same in formulas"), node("dl", { class: "lines" },
      ...line("circuit", `hₜ = f(${r}ₜ₋₁, xₜ),  `, ...answer), ...line("unfolded", `h${below(this.T)} = `, this.nested(this.T, t)), ...named, ...numbers)];
  }

  /** h_t as one expression of x₁ … x_t and the start; the part that is the picked state is marked. */
  nested(t, picked) {
    const output = this.net.pattern === "output";
    if (t === 0) return node("span", {}, output ? "0" : "h₀");
    const inner = this.nested(t - 1, picked), handed = output && t > 1 ? ["g(", inner, ")"] : [inner];
    return node("span", { class: t === picked ? "nested picked" : "nested" }, "f(", ...handed, `, x${below(t)})`);
  }

  countLines() {
    const row = (name, counts) => [name, ...SHARED.map((key) => String(counts[key])), node("b", {}, String(total(counts)))];
    const stored = Object.fromEntries(SHARED.map((key) => [key, 1]));
    const built = table(`Numbers of this net, T = ${this.T}`, ["weight", ...SHARED, "sum"], [row("stored", stored), row("uses", this.uses)], "counts");
    return [built, node("p", { class: "count" }, "Stored: ", node("b", {}, String(SHARED.length)), ", for every T. With weights of its own for every use it would store ", node("b", {}, String(total(this.uses))), ".")];
  }

  describe() {
    const { pattern } = this.net, T = this.T, unfolded = this.get("unfolded"), from = pattern === "output" ? "output" : "state";
    const drawing = unfolded === 0 ? `Folded: one column, and a loop that hands the ${from} on through a delay of 1 step. It looks the same for every T.`
      : unfolded === 1 ? `Unfolded over T = ${T}: ${T === 1 ? "1 column" : `${T} columns`}, no loop.`
      : `${Math.round(100 * unfolded)} % of the way from the circuit to the graph of T = ${T} steps.`;
    return [drawing, this.describeWeight(), this.describeStep()].filter(Boolean).join(" ");
  }

  describeWeight() {
    const key = this.lit, uses = this.uses[key];
    if (!key) return "";
    if (uses === 1) return `One ${key}, used once${this.T > 1 ? ", at the last step" : ""}: the gradient of a loss with respect to ${key} has one term.`;
    return `One ${key}, used ${uses} times: the same value at every step. The gradient of a loss with respect to ${key} is the sum over its ${uses} copies.`;
  }

  describeStep() {
    const t = this.step, { pattern } = this.net;
    if (!t) return "";
    const inputs = ["", "x₁", "x₁, x₂", "x₁, x₂, x₃"][t] || `x₁ … x${below(t)}`, answers = this.net.steps[t - 1].o !== null;
    const start = pattern === "output" ? "" : " and h₀";
    const through = pattern === "output" && t > 1 ? ` The past reaches h${below(t)} through ŷ${below(t - 1)} only.` : "";
    return `h${below(t)}${answers ? ` and o${below(t)} depend` : " depends"} on ${inputs}${start}, and on no later input.${through}`;
  }

  remove() {
    this.halt();
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new UnfoldingView(model, el);
    return () => view.remove();
  },
};
