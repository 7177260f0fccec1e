// The view of the Hopfield explorer.

class HopfieldView {
  constructor(model, el) {
    this.frame = mount(el, "Hopfield network: store, disturb, recall", () => this.draw());
    this.bind = bind(model, ["patterns", "stored", "extra", "names", "state", "seed", "noise"], (name) => this.outside(name));
    this.timer = 0;
    this.noiseRandom = mulberry32(this.get("seed") + 500);
    this.build();
    this.relearn();
    this.begin(this.state);
  }

  get(name) { return this.bind.get(name); }
  get n() { return this.get("rows") * this.get("cols"); }

  get state() { return this.get("state").map(([s]) => s); }

  /** The patterns that the weights hold: the ticked ones and the random ones. */
  get kept() {
    return [...this.patterns.filter((_, k) => this.get("stored")[k]), ...this.extras];
  }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    this.pause();
    if (name === "noise") return this.draw();
    if (name === "names" || name === "patterns") this.buildStore();
    if (name !== "state") this.relearn();
    this.begin(this.state);
  }

  relearn() {
    this.extras = randomPatterns(this.get("extra"), this.n, this.get("seed"));
    this.weights = hebbWeights(this.kept, this.n);
  }

  /** Start a new trial from a state. */
  begin(state) {
    this.trial = new Trial(state, this.weights, this.get("seed"));
    this.publish();
  }

  publish() {
    const { state, energy, updates } = this.trial;
    this.bind.put({ state: column(state), energy: [...energy], updates, overlap: this.patterns.map((p) => overlapOf(p, state)) });
    this.draw();
  }

  learnAgain(changes) {
    this.pause();
    this.bind.put(changes);
    this.relearn();
    this.begin(this.trial.state);
  }

  setPixel(i, value) {
    this.pause();
    const state = [...this.trial.state];
    state[i] = value;
    this.begin(state);
  }

  advance(count) {
    this.pause();
    for (let k = 0; k < count; k++) this.trial.update();
    this.publish();
  }

  /** Run to a fixed point; at once where the reader wants less motion. */
  run() {
    if (this.timer) return this.pause();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const perTick = calm ? 1e5 : 3;
    const tick = () => {
      for (let k = 0; k < perTick && !this.trial.isFixed; k++) this.trial.update();
      if (this.trial.isFixed) this.pause();
      this.publish();
    };
    this.timer = setInterval(tick, 40);
    tick();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.runButton.textContent = "Run";
  }

  // ---- what is there ----

  build() {
    this.store = node("div", { class: "store" });
    this.grid = pixelGrid(this.get("rows"), this.get("cols"), (i) => this.trial.state[i], (i, value) => this.setPixel(i, value));
    this.chart = node("div", {});
    this.bars = node("div", {});
    this.summary = node("p", { class: "summary" });
    this.nextLine = node("p", { class: "muted next-line" });
    this.load = node("p", { class: "muted" });
    this.buildStore();
    const left = node("div", {}, node("p", { class: "part" }, "State ", sub("s", ""), ": click or tap to paint"), this.grid.root, this.nextLine);
    const right = node("div", {}, this.chart, this.bars);
    this.frame.root.append(
      node("p", { class: "hint" }, "Tick the patterns to store. Pick one to start from, spoil it, and let the network recall."),
      this.store, this.buildSliders(), this.load, this.buildButtons(), this.summary,
      node("div", { class: "columns hopfield" }, left, right));
  }

  /** One card per pattern: its picture (a button that loads it) and a tick box (stored or not). */
  buildStore() {
    this.patterns = transpose(this.get("patterns"));
    const cards = this.patterns.map((pattern, k) => {
      const name = this.get("names")[k];
      const box = node("input", { type: "checkbox", "aria-label": `Store ${name}`, onchange: () => this.learnAgain({ stored: this.boxes.map((b) => b.checked) }) });
      const load = node("button", { type: "button", class: "button thumb", "aria-label": `Start from ${name}`, title: `Start from ${name}`, onclick: () => { this.pause(); this.begin(pattern); } }, this.picture(pattern));
      return { box, card: node("div", { class: "card" }, load, node("label", { class: "check" }, box, name)) };
    });
    this.boxes = cards.map(({ box }) => box);
    this.store.replaceChildren(...cards.map(({ card }) => card));
  }

  picture(pattern) {
    const cols = this.get("cols");
    const path = pattern.map((s, i) => (s > 0 ? `M${i % cols} ${Math.floor(i / cols)}h1v1h-1z` : "")).join("");
    return shape("svg", { viewBox: `0 0 ${cols} ${this.get("rows")}`, width: 40, height: 40, "aria-hidden": "true" }, shape("path", { d: path, class: "ink" }));
  }

  buildSliders() {
    this.extraSlider = slider("Random patterns", { min: 0, max: 30, step: 1, show: String }, (value) => this.learnAgain({ extra: value }));
    this.noiseSlider = slider("Noise", { min: 0, max: 0.5, step: 0.01, show: (v) => `${Math.round(100 * v)} %` }, (value) => this.bind.put({ noise: value }));
    return node("div", { class: "columns two sliders" }, this.extraSlider.root, this.noiseSlider.root);
  }

  buildButtons() {
    this.runButton = button("Run", () => this.run(), { kind: "main" });
    this.orderButton = button("", () => this.learnAgain({ seed: this.get("seed") + 1 }), { title: "Another seed: another order of the units and other random patterns" });
    const noisy = () => { this.pause(); this.begin(withNoise(this.trial.state, this.get("noise"), this.noiseRandom)); };
    return toolbar("Recall",
      button("Add noise", noisy), button("One unit", () => this.advance(1)), button("One sweep", () => this.advance(this.n)),
      this.runButton, button("Reset", () => { this.pause(); this.begin(this.trial.start); }, { title: "Back to the state this recall started from" }), this.orderButton);
  }

  // ---- what is seen ----

  draw() {
    if (!this.trial) return;
    this.drawStates();
    this.drawControls();
    this.chart.replaceChildren(this.energyChart());
    this.bars.replaceChildren(this.overlapBars());
    const text = this.describe();
    this.summary.textContent = text;
    if (!this.timer) this.frame.say(text);
  }

  drawStates() {
    const { state, next } = this.trial;
    const cols = this.get("cols");
    this.grid.show(state, next);
    const field = fieldOf(this.weights, state, next);
    const wanted = field === 0 ? state[next] : Math.sign(field);
    const sign = (s) => (s > 0 ? "+1" : "\u22121");
    this.nextLine.textContent = `Next (ringed): row ${Math.floor(next / cols) + 1}, column ${(next % cols) + 1}. Its field is ${fmt(field)}, so it ${wanted === state[next] ? "stays" : "flips to"} ${sign(wanted)}.`;
  }

  drawControls() {
    this.boxes.forEach((box, k) => { box.checked = Boolean(this.get("stored")[k]); });
    this.extraSlider.set(this.get("extra"));
    this.noiseSlider.set(this.get("noise"));
    this.orderButton.textContent = `Other order (seed ${this.get("seed")})`;
    this.runButton.textContent = this.timer ? "Pause" : "Run";
    const count = this.kept.length;
    this.load.textContent = `Stored: P = ${count} in N = ${this.n} units, P/N = ${fmt(count / this.n)}. For many random patterns, recall breaks down near 0.138.`;
  }

  /** Energy against update number, with the energy of the stored pattern that is nearest. */
  energyChart() {
    const { energy, updates } = this.trial;
    const nearest = this.nearest();
    const goal = nearest && { value: energyOf(this.weights, nearest.pattern), name: `energy of ${nearest.name}` };
    const shown = [...energy, 0, ...(goal ? [goal.value] : [])];
    const options = {
      title: "Energy E = \u2212\u00bd s\u1d40Ws", x: "update number", low: Math.min(...shown) * 1.08 - 0.5, high: Math.max(...shown) + 0.5,
      last: Math.max(this.n, updates), line: "h", digits: 0, end: fmt(energy.at(-1)), goal,
      alt: `Energy against update number: from ${fmt(energy[0])} to ${fmt(energy.at(-1))} in ${updates} updates`,
    };
    return lineChart(Math.max(240, this.chart.clientWidth || 300), 195, energy, options);
  }

  /** Bars from −1 to 1, one per pattern. */
  overlapBars() {
    const row = (name, pattern, on) => {
      const m = overlapOf(pattern, this.trial.state);
      return { name, value: m, text: fmt(m), cls: on ? "h" : "off" };
    };
    const rows = this.patterns.map((pattern, k) => row(this.get("names")[k], pattern, this.get("stored")[k]));
    if (this.extras.length) rows.push(row("random", this.closest(this.extras), true));
    const alt = `Overlap with each pattern: ${rows.map(({ name, text }) => `${name} ${text}`).join(", ")}`;
    return barRows(Math.max(240, this.bars.clientWidth || 300), "Overlap m = \u03be\u00b7s / N", rows, 1, alt);
  }

  closest(patterns) {
    return patterns.reduce((best, p) => (Math.abs(overlapOf(p, this.trial.state)) > Math.abs(overlapOf(best, this.trial.state)) ? p : best));
  }

  /** The stored pattern with the largest overlap, by size; null if none is stored. */
  nearest() {
    const named = this.patterns.map((pattern, k) => ({ pattern, name: this.get("names")[k] })).filter((_, k) => this.get("stored")[k]);
    const all = [...named, ...this.extras.map((pattern, k) => ({ pattern, name: `random ${k + 1}` }))];
    if (!all.length) return null;
    const pattern = this.closest(all.map((item) => item.pattern));
    return all.find((item) => item.pattern === pattern);
  }

  describe() {
    const { energy, updates, flips, isFixed } = this.trial;
    const nearest = this.nearest();
    if (!nearest) return "Nothing is stored: all weights are zero, and no unit ever moves.";
    const m = overlapOf(nearest.pattern, this.trial.state);
    const course = updates ? `${updates} updates, ${flips} flips, energy ${fmt(energy[0])} \u2192 ${fmt(energy.at(-1))}. ` : `Energy ${fmt(energy[0])}. `;
    if (!isFixed) return `${course}Nearest: ${nearest.name}, overlap ${fmt(m)}.`;
    if (m > 0.999) return `${course}Fixed point: exactly ${nearest.name}.`;
    if (m < -0.999) return `${course}Fixed point: the negative of ${nearest.name}, which has the same energy.`;
    return `${course}Fixed point, but no stored pattern: nearest is ${nearest.name}, overlap ${fmt(m)}.`;
  }

  remove() {
    clearInterval(this.timer);
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new HopfieldView(model, el);
    return () => view.remove();
  },
};
