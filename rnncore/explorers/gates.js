// The view of the gates explorer.

const PRESET_NAMES = [["worked example", "Worked example: the homework"], ["remember", "Remember over 8 steps"], ["leak", "The same, forget gate 0.9"], ["erase", "Erase and write again"], ["", "Your own numbers"]];
const INPUTS = [...PARAMETERS, "x", "h0", "c0"];

class GatesView {
  constructor(model, el) {
    this.frame = mount(el, "The LSTM cell, product by product", () => this.draw());
    this.bind = bind(model, [...INPUTS, "step", "part", "preset"], (name) => this.outside(name));
    this.picked = { key: "x", i: 2, j: 0 };
    this.shownLetter = null;
    this.stripes = `rnx-stripes-${++kitCount}`;
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get T() { return this.get("x").length; }
  get step() { return Math.min(this.get("step"), this.T); }
  get part() { return PARTS.indexOf(this.get("part")); }
  get letter() { return { forget: "f", input: "i", candidate: "g", output: "o" }[this.get("part")]; }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    if (name === "step" || name === "part") this.draw();
    else if (name === "preset" && this.get("preset") && !this.isPreset()) this.choosePreset(this.get("preset"));
    else this.publish();
  }

  isPreset(name = this.get("preset")) {
    const preset = this.get("presets")[name];
    return Boolean(preset) && INPUTS.every((key) => JSON.stringify(preset[key]) === JSON.stringify(this.get(key)));
  }

  choosePreset(name) {
    if (!name) return this.draw();
    this.change({ ...structuredClone(this.get("presets")[name]), preset: name, step: 1, part: "forget" }); // in one message: the kernel must not see half of it
  }

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  setEntry({ key, i, j }, value) {
    if (key === "x") return this.setInput(i, this.step - 1, value);
    const matrix = copyMatrix(this.get(key));
    matrix[i][j] = value;
    this.change({ [key]: matrix });
  }

  setInput(j, t, value) {
    const x = this.get("x").map(copyMatrix);
    x[t][j][0] = value;
    this.change({ x });
  }

  setLength(T) {
    const x = this.get("x");
    this.change({ step: Math.min(this.step, T), x: Array.from({ length: T }, (_, t) => x[t] ?? zerosLike(x[0])) });
  }

  /** Compute everything, write it back, draw. */
  publish() {
    const p = Object.fromEntries(PARAMETERS.map((key) => [key, this.get(key)]));
    this.start = { h: flat(this.get("h0")), c: flat(this.get("c0")) };
    this.steps = lstmForward(p, this.get("x").map(flat), this.start);
    const of = (name) => this.steps.map((step) => column(step[name]));
    const sums = Object.fromEntries(LETTERS.map((letter) => [`a_${letter}`, this.steps.map(({ a }) => column(a[letter]))]));
    this.bind.put({ ...Object.fromEntries([...LETTERS, "c", "h"].map((name) => [name, of(name)])), ...sums, preset: this.isPreset() ? this.get("preset") : "" });
    this.draw();
  }

  goTo(step, part = this.part) {
    this.bind.put({ step, part: PARTS[part] });
    this.draw();
  }

  /** One part on or back; after the last part comes the first of the next step. */
  move(by) {
    const place = (this.step - 1) * PARTS.length + this.part + by;
    if (place >= 0 && place < this.T * PARTS.length) this.goTo(Math.floor(place / PARTS.length) + 1, place % PARTS.length);
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    for (const name of ["lines", "weights", "all"]) this[name] = node("div", {});
    this.now = node("p", { class: "hint" });
    this.details = node("details", { ontoggle: () => this.drawTable() }, node("summary", {}, "All steps as a table"), this.all);
    this.picture = node("div", { class: "drawing" });
    this.preset = choice("Start from", PRESET_NAMES, (name) => this.choosePreset(name));
    this.frame.root.append(
      node("p", { class: "hint" }, "Three gates decide what the memory keeps, what is written to it and what is read from it. Take one step of the cell apart; change any number."),
      this.preset.root, this.buildParts(), this.summary, node("div", { class: "columns two" }, this.picture, this.lines),
      this.buildPicked(), this.buildEditors(), this.buildSequence(), this.details);
  }

  buildParts() {
    this.back = button("Back", () => this.move(-1));
    this.next = button("Next", () => this.move(1), { kind: "main" });
    this.partButtons = PARTS.map((name, k) => button(name[0].toUpperCase() + name.slice(1), () => this.goTo(this.step, k)));
    return node("div", { class: "wrap parts" }, toolbar("Order", this.back, this.next), toolbar("Part of the step", ...this.partButtons));
  }

  /** A slider for the entry that was touched last: easier than digits on a phone. */
  buildPicked() {
    this.pickedSlider = slider("", { min: -12, max: 12, step: 0.05, show: (value) => short(value) }, (value) => this.setEntry(this.picked, value));
    return node("div", { class: "picked-row block" }, this.pickedSlider.root);
  }

  buildEditors() {
    const make = (key, symbol, index, size, rows, columns) => {
      const editor = matrixEditor(key, size, rows, columns, (i, j, value) => this.setEntry({ key, i, j }, value), (i, j) => this.pick({ key, i, j }));
      editor.name = editor.root.querySelector("legend b");
      editor.name.replaceChildren(sub(symbol, index));
      return editor;
    };
    const weights = LETTERS.flatMap((k) => [["U", "(2, 3)", INPUT_NAMES], ["W", "(2, 2)", UNIT_NAMES], ["b", "(2, 1)", [""]]].map(([symbol, size, columns]) => [`${symbol}_${k}`, make(`${symbol}_${k}`, symbol, k, size, UNIT_NAMES, columns)]));
    const into = [["x", "(3, 1)", INPUT_NAMES], ["h0", "(2, 1)", UNIT_NAMES], ["c0", "(2, 1)", UNIT_NAMES]];
    this.editors = Object.fromEntries([...weights, ...into.map(([key, size, names]) => [key, make(key, key[0], "t", size, names, [""])])]);
    const part = (text, box) => node("div", {}, node("p", { class: "part" }, text), box);
    this.weightsTitle = node("p", { class: "part" });
    return node("div", { class: "wrap editors block" }, node("div", {}, this.weightsTitle, this.weights), part("What comes into the cell", node("div", { class: "wrap" }, ...into.map(([key]) => this.editors[key].root))));
  }

  buildSequence() {
    this.belt = node("div", { class: "belt-holder" });
    this.drawn = node("div", {});
    this.scrubber = new Scrubber(this.belt, (step) => this.goTo(step));
    this.belt.append(this.drawn, this.scrubber.handle);
    this.inputs = new InputGrid((j, t, value) => this.setInput(j, t, value));
    this.length = choice("Steps T", [1, 2, 3, 4, 5, 6, 7, 8].map((T) => [T, String(T)]), (value) => this.setLength(Number(value)));
    const rows = node("div", { class: "wrap beside" }, node("div", {}, this.belt, this.inputs.root), this.buildPuzzle());
    this.sequence = node("div", { class: "block" }, node("p", { class: "part" }, "The sequence on the conveyor belt"), this.length.root, this.now, rows);
    return this.sequence;
  }

  buildPuzzle() {
    const worked = this.get("presets")["worked example"], step = lstmStep(worked, flat(worked.x[0]), { h: flat(worked.h0), c: flat(worked.c0) });
    const answers = node("details", {}, node("summary", {}, "The true numbers"), slips(step));
    return node("div", { class: "puzzle" }, node("p", { class: "part" }, "Find the slips"), node("p", {},
      "A hand calculation of the worked example that is often shown has ", node("b", {}, "11"), " for both candidates before the tanh, about ", node("b", {}, "0.9"),
      " for both output gates, and about ", node("b", {}, "0.9"), " for both entries of the new hidden state. None of the three is right. Go through the worked example and find out why."), answers);
  }

  pick(where) {
    this.picked = where;
    this.drawPicked();
  }

  // ---- what is seen ----

  draw() {
    if (!this.steps) return;
    const step = this.steps[this.step - 1], t = this.step;
    const width = this.picture.clientWidth || 320, sizes = beltSizes(Math.max(260, this.sequence.clientWidth || 320), this.T); // read before anything is written
    this.picture.replaceChildren(cellPicture(Math.max(250, Math.min(width, 600)), step, t, this.part, (name) => this.goTo(t, PARTS.indexOf(name))));
    this.lines.replaceChildren(...explainPart(this.get("part"), step, t));
    this.drawControls();
    this.drawEditors(step);
    this.drawPicked();
    if (this.drawnSteps !== this.steps || this.drawnWidth !== sizes.width) { // only looking at another step changes neither
      this.drawn.replaceChildren(beltPicture(sizes, this.steps, this.start, this.stripes));
      this.inputs.set(this.get("x").map(flat), sizes);
      this.drawTable();
      [this.drawnSteps, this.drawnWidth] = [this.steps, sizes.width];
    }
    this.scrubber.set(sizes, this.T, t, stepInWords(step, t));
    this.now.textContent = stepInWords(step, t);
    this.summary.textContent = describePart(this.get("part"), step, t);
    this.frame.say(this.summary.textContent);
  }

  /** The table of all steps, which costs time only where it is open. */
  drawTable() {
    if (this.details.open) this.all.replaceChildren(allStepsTable(this.steps));
  }

  drawControls() {
    const place = (this.step - 1) * PARTS.length + this.part;
    this.preset.set(this.get("preset"));
    this.back.setAttribute("aria-disabled", place === 0);
    this.next.setAttribute("aria-disabled", place === this.T * PARTS.length - 1);
    this.partButtons.forEach((one, k) => one.setAttribute("aria-pressed", k === this.part));
    this.length.set(this.T);
  }

  /** The weights of the part, and what comes in; from step 2 on h and c come from the step before and are shown only. */
  drawEditors(step) {
    const keys = this.letter ? WEIGHTS_OF[this.letter] : [];
    if (this.shownLetter !== this.letter) {
      this.shownLetter = this.letter;
      if (PARAMETERS.includes(this.picked.key) && !keys.includes(this.picked.key)) this.picked = { key: "x", i: 2, j: 0 };
      this.weights.className = keys.length ? "wrap" : "";
      this.weights.replaceChildren(...(keys.length ? keys.map((key) => this.editors[key].root) : [node("p", { class: "muted" }, "The update has no weights: it is two products and a sum.")]));
    }
    this.weightsTitle.textContent = keys.length ? `Weights of the ${this.get("part")}${this.letter === "g" ? "" : " gate"}` : "Weights";
    for (const key of keys) this.editors[key].set(this.get(key));
    this.editors.x.set(column(step.x));
    this.editors.h0.set(column(step.before.h));
    this.editors.c0.set(column(step.before.c));
    const t = this.step;
    for (const [key, symbol, index] of [["x", "x", t], ["h0", "h", t - 1], ["c0", "c", t - 1]]) {
      this.editors[key].name.replaceChildren(sub(symbol, index));
      if (key !== "x") for (const input of this.editors[key].root.querySelectorAll("input")) input.disabled = t > 1;
    }
    if (t > 1 && this.picked.key.endsWith("0")) this.picked = { key: "x", i: 2, j: 0 };
  }

  drawPicked() {
    const { key, i, j } = this.picked, input = this.pickedSlider.input, weight = PARAMETERS.includes(key);
    input.min = weight ? -12 : -2;
    input.max = weight ? 12 : 2;
    const from = key[0] === "U" ? `, ${INPUT_NAMES[j]}` : key[0] === "W" ? `, ${UNIT_NAMES[j]}` : "";
    const name = weight ? `${key}: ${UNIT_NAMES[i]}${from}` : key === "x" ? `x${below(this.step)}: ${INPUT_NAMES[i]}` : `${key[0]}₀: ${UNIT_NAMES[i]}`;
    this.pickedSlider.root.querySelector("label").textContent = name;
    this.pickedSlider.set(key === "x" ? this.get("x")[this.step - 1][i][0] : this.get(key)[i][j]);
    for (const [other, editor] of Object.entries(this.editors)) editor.mark(other === key ? i : -1, other === key ? j : -1);
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new GatesView(model, el);
    return () => view.remove();
  },
};
