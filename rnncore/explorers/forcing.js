// The view of the forcing explorer.

const MODES = { forced: "Forced", free: "Free", coin: "Coin" };
const LONGEST = 400; // updates of a training

class ForcingView {
  constructor(model, el) {
    this.frame = mount(el, "Teacher forcing: what is the net fed?", () => this.draw());
    this.bind = bind(model, ["seed", "toss", "feeding", "epsilon", "step", "history", "updates"], (name) => this.outside(name));
    this.build();
    this.train();
  }

  get(name) { return this.bind.get(name); }
  get now() { return Math.min(this.get("updates"), this.stages.length - 1); }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    if (name === "seed" || name === "history") this.train();
    else if (name === "step") this.draw();
    else this.publish();
  }

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  /** All stages of the training that the traits name; those that are known already stay. */
  train() {
    const seed = this.get("seed"), history = this.get("history");
    let same = 0;
    while (this.known?.seed === seed && same < history.length && this.known.history[same] === history[same]) same += 1;
    this.stages = trainLine(seed, history, this.known?.seed === seed ? this.stages.slice(0, same + 1) : []);
    this.known = { seed, history: [...history] };
    this.publish();
  }

  /** Five updates from the stage that is shown; what came after it is left behind. */
  more(mode) {
    const history = [...this.get("history").slice(0, this.now), ...Array(5).fill(mode)];
    if (history.length > LONGEST) return;
    this.bind.put({ history, updates: history.length });
    this.train();
  }

  /** Read the line as it is fed now, write everything back, draw. */
  publish() {
    const one = this.stages[this.now], steps = readLine(one.p, feeding(this.get("feeding"), this.get("epsilon"), this.get("toss")));
    this.steps = steps;
    this.bind.put({
      fed: steps.map(({ fed }) => fed), picked: steps.map(({ pick }) => pick), y_hat: steps.map(({ y }) => column(y)), losses: steps.map(({ loss }) => loss), loss: meanLoss(steps),
      forced_losses: one.forced.map(({ loss }) => loss), free_losses: one.free.map(({ loss }) => loss),
      wrong_forced: this.stages.map(({ forced }) => wrongWords(forced)), wrong_free: this.stages.map(({ free }) => wrongWords(free)),
    });
    this.draw();
  }

  goTo(step) {
    this.bind.put({ step });
    this.draw();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    for (const name of ["shares", "losses", "errors", "all"]) this[name] = node("div", { class: name });
    this.frame.root.append(
      node("p", { class: "hint" }, "A small recurrent net learns the line “the wheels on the bus go round and round”. At each step it is fed a word and gives every word a probability to come next. Forced, it is fed the true word, whatever it picked before; free, its own pick (↳). All ten steps are shown, also where it picks [END] early."),
      this.buildFeeding(), this.buildSteps(), this.summary,
      node("div", { class: "columns read" }, node("div", {}, this.buildTable(), this.buildSaid()), node("div", {}, this.shares, this.losses)), this.buildTraining(), node("details", {}, node("summary", {}, "All probabilities as a table"), this.all));
  }

  buildFeeding() {
    this.modes = Object.entries(MODES).map(([mode, name]) => button(name, () => this.change({ feeding: mode })));
    this.epsilon = slider("ε, true word", { min: 0, max: 1, step: 0.05 }, (epsilon) => this.change({ epsilon, feeding: "coin" }));
    this.toss = button("Toss again", () => this.change({ toss: this.get("toss") + 1, feeding: "coin" }), { title: "Nine new coins, which show the true word with probability ε" });
    return node("div", { class: "wrap controls" }, toolbar("What is fed", ...this.modes), this.epsilon.root, this.toss);
  }

  buildSteps() {
    this.updates = slider("Updates of training", { min: 0, max: 1, step: 1, show: (v) => String(v) }, (updates) => this.change({ updates }));
    return node("div", { class: "wrap controls" }, this.updates.root, toolbar("Step", button("Next", () => this.goTo((this.get("step") % T) + 1), { kind: "main" }), button("Back", () => this.goTo(Math.max(1, this.get("step") - 1))), button("First", () => this.goTo(1)), button("All", () => this.goTo(T))));
  }

  /** A row for each step; those not yet reached are empty. */
  buildTable() {
    const heads = ["t", "fed", "picks", "true", "loss"];
    this.rows = TARGETS.map((_, t) => node("tr", { onclick: () => this.goTo(t + 1) }, node("th", { scope: "row" }, String(t + 1)), ...heads.slice(1).map(() => node("td", {}))));
    const built = node("table", { class: "steps", "aria-label": "Step by step" }, node("thead", {}, node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)))), node("tbody", {}, ...this.rows));
    return node("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Step by step" }, built);
  }

  buildSaid() {
    this.said = Object.fromEntries(FEEDS.map((name) => [name, node("dd", {})]));
    return node("dl", { class: "said" }, node("dt", {}, "Forced it picks"), this.said.forced, node("dt", {}, "Free it says"), this.said.free);
  }

  buildTraining() {
    this.training = FEEDS.map((name) => button(`Train 5, ${name}`, () => this.more(name), { title: `Five updates from here, with the net ${name}` }));
    const anew = button("Untrained", () => { this.bind.put({ history: [], updates: 0 }); this.train(); }), other = button("Other weights", () => { this.bind.put({ seed: this.get("seed") + 1 }); this.train(); }, { title: "The same training from other random weights" });
    const text = node("p", { class: "hint" }, "More updates start from the stage that is shown; what came after it is left behind. The gradient takes the words that were fed as given.");
    const controls = node("div", {}, node("p", { class: "part" }, "Train on, or anew"), toolbar("Training", ...this.training, anew, other), text);
    return node("div", { class: "columns read block" }, this.errors, controls);
  }

  // ---- what is seen ----

  draw() {
    if (!this.steps) return;
    const step = this.get("step"), one = this.stages[this.now];
    const room = (place) => Math.max(250, Math.min(place.clientWidth || 300, 560)), sizes = [this.shares, this.errors].map(room); // read before anything is written
    renew(this.shares, distribution(sizes[0], this.steps[step - 1], step));
    renew(this.losses, lossBars(sizes[0], one, step));
    renew(this.errors, errorLines(sizes[1], this.stages, this.get("history"), this.now));
    this.drawControls();
    this.steps.forEach((found, t) => this.drawRow(found, t, step));
    for (const name of FEEDS) renew(this.said[name], ...one[name].flatMap(({ pick, target }) => [node("span", { class: pick === target ? "" : "miss" }, WORDS[pick]), document.createTextNode(" ")]));
    renew(this.all, this.allTable());
    this.summary.textContent = this.describe(one);
    this.frame.say(this.summary.textContent);
  }

  drawControls() {
    const mode = this.get("feeding");
    this.modes.forEach((one, k) => one.setAttribute("aria-pressed", Object.keys(MODES)[k] === mode));
    this.epsilon.set(this.get("epsilon"));
    this.updates.input.max = Math.max(1, this.stages.length - 1);
    this.updates.set(this.now);
    this.training.forEach((one) => one.setAttribute("aria-disabled", this.now + 5 > LONGEST));
  }

  drawRow({ fed, from, pick, target, y, loss }, t, step) {
    const [, ...cells] = this.rows[t].children, shown = t < step, right = pick === target;
    this.rows[t].className = t + 1 === step ? "now" : "";
    if (!shown) return cells.forEach((cell) => cell.replaceChildren(node("span", { class: "muted" }, "·")));
    cells[0].replaceChildren(node("span", { class: from === "own" ? "own" : "truth" }, `${from === "own" ? "↳ " : ""}${WORDS[fed]}`));
    cells[1].replaceChildren(node("span", { class: right ? "hit" : "miss" }, WORDS[pick]), node("small", {}, ` ${fmt(y[pick])}`));
    cells[2].replaceChildren(WORDS[target]);
    cells[3].replaceChildren(fmt(loss));
  }

  allTable() {
    const rows = this.steps.map(({ fed, y }, t) => [`${t + 1} ${WORDS[fed]}`, ...y.map((value) => fmt(value))]);
    return table("Probability of each word after the word fed", ["fed", ...WORDS], rows);
  }

  describe(one) {
    const mode = this.get("feeding"), right = (steps) => T - wrongWords(steps), other = mode === "forced" ? "free" : "forced";
    const how = { forced: "fed the true words", free: "fed its own words", coin: `fed the true word with probability ${fmt(this.get("epsilon"))}` };
    return `After ${this.now} updates, ${how[mode]}: ${right(this.steps)} of 10 words right, loss ${fmt(meanLoss(this.steps))} a word. ${other === "free" ? "Fed its own" : "Fed the true ones"}: ${right(one[other])} right.`;
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new ForcingView(model, el);
    return () => view.remove();
  },
};
