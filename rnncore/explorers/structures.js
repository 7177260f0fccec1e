// The view of the structures explorer.

const NOTES = {
  one_to_one: "One step: W meets nothing but the zero state, so this is a feed-forward net.",
  one_to_many: { zeros: "No output enters another: given x, each is modelled by itself.", every: "No output enters another: given x, each is modelled by itself. The states need not remember x.",
    output: "Each output is fed back: what follows is conditioned on what was chosen.", targets: "As in training: what was true is fed, so that the factors multiply to the whole distribution." },
  many_to_one: "One loss, after the last step; its gradient reaches every step through W.",
  synced: { x: "An output sees its own input and those before it, and no other output.", output: "An output sees the inputs up to its step and the outputs before it." },
  bidirectional: "Each output sees all inputs, so none can be given before the last input has come. No output sees another.",
  encoder_decoder: { targets: "As in training: what was true is fed. All of the source passes through one state; T need not be S.", output: "As in use: what was chosen is fed. All of the source passes through one state; T need not be S." },
};
const SIZES = [["D", "D, inputs", 1, 6], ["H", "H, hidden units", 1, 8], ["K", "K, classes", 2, 6], ["B", "B, sequences", 1, 16]];

class StructuresView {
  constructor(model, el) {
    this.frame = mount(el, "Structures: what goes in, what comes out, what depends on what", () => this.draw());
    this.bind = bind(model, ["structure", "feed", "S", "T", "D", "H", "K", "B", "output"], (name) => (name === "output" ? this.draw() : this.publish()));
    this.pointed = 0; // the output under the pointer
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get picked() { return Math.min(this.get("output"), this.plan.nOut); }

  // ---- what happens ----

  change(values) {
    this.pointed = 0;
    this.bind.put(values);
    this.publish();
  }

  /** Compute everything, write it back, draw. */
  publish() {
    const settings = Object.fromEntries(["structure", "feed", "S", "T", "D", "H", "K", "B"].map((name) => [name, this.get(name)]));
    this.sizes = settings;
    this.plan = structurePlan(settings);
    this.run = runStructure(this.plan, settings);
    this.parameters = parameterShapes(this.plan, settings);
    this.arrays = arrayShapes(this.plan, settings);
    const each = (f) => Array.from({ length: this.plan.nOut }, (_, k) => f(k + 1));
    this.bind.put({
      y: this.run.y, loss: this.run.loss, n_params: this.parameters.reduce((sum, [, , [a, b]]) => sum + a * b, 0), fed: this.plan.columns.map(fedText),
      shapes: Object.fromEntries([...this.parameters, ...this.arrays].map(([key, , numbers]) => [key, numbers])),
      probability: joint(this.plan), factors: each((t) => factor(this.plan, t)), depends: each((t) => dependsOn(this.plan, t)), losses: this.run.losses,
    });
    this.draw();
  }

  /** Mark the past of an output, or unmark it, and bring its column into sight where the picture scrolls. */
  pick(output) {
    this.bind.put({ output });
    this.draw();
    const column = this.picture.querySelector(".band.now");
    if (!column || this.picture.scrollWidth <= this.picture.clientWidth) return;
    const left = column.x.baseVal.value, over = left + column.width.baseVal.value - this.picture.clientWidth;
    this.picture.scrollLeft = Math.min(left, Math.max(this.picture.scrollLeft, over));
  }

  point(output) {
    if (output === this.pointed) return;
    this.pointed = output;
    this.drawPicture();
    this.tell();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    this.picture = node("div", { class: "scroll graph", tabindex: 0, role: "group", "aria-label": "Drawing of the unfolded net" });
    const at = (event) => Number(event.target.closest("[data-output]")?.dataset.output || 0);
    this.picture.addEventListener("click", (event) => { if (at(event)) this.pick(at(event) === this.picked ? 0 : at(event)); });
    this.picture.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") this.point(at(event)); });
    this.picture.addEventListener("pointerleave", () => this.point(0));
    this.structure = choice("Structure", Object.entries(STRUCTURES).map(([key, { name }]) => [key, name]), (structure) => this.change({ structure }));
    this.feed = choice("Fed", [], (feed) => this.change({ feed }));
    this.lengths = node("div", { class: "columns halves controls" });
    this.sliders = Object.fromEntries([["T", "T, steps", 1, 6], ["S", "S, source steps", 1, 5], ...SIZES].map(([key, text, min, max]) =>
      [key, slider(text, { min, max, step: 1, show: String }, (value) => this.change({ [key]: value }))]));
    this.sliders.output = slider("Past of output", { min: 0, max: 6, step: 1, show: (t) => (t ? String(t) : "none") }, (t) => this.pick(t));
    this.models = node("div", { class: "block models" });
    this.steps = node("div", { class: "block" });
    this.shapes = node("div", { class: "shapes" });
    this.frame.root.append(
      node("p", { class: "hint" }, "Six ways to use a recurrent net. Point at an output to see which inputs it depends on."),
      node("div", { class: "wrap" }, this.structure.root, this.feed.root), this.picture, this.lengths, this.summary, this.models, this.steps,
      node("div", { class: "columns two block" }, node("div", { class: "sizes" }, node("p", { class: "part" }, "Sizes"), ...SIZES.map(([key]) => this.sliders[key].root)), this.shapes));
  }

  // ---- what is seen ----

  draw() {
    if (!this.run) return;
    this.drawPicture();
    this.drawControls();
    renew(this.models, ...this.modelLines());
    renew(this.steps, this.stepTable());
    renew(this.shapes, this.shapeTable());
    this.tell();
  }

  drawPicture() {
    renew(this.picture, structurePicture(this.picture.clientWidth || 320, this.plan, this.pointed || this.picked));
  }

  drawControls() {
    const { structure } = this.plan;
    this.structure.set(structure);
    if (this.offered !== structure) {
      this.offered = structure;
      this.feed.options(STRUCTURES[structure].feeds.map((key) => [key, FEEDS[key]]));
      const shown = ["T", "S", "output"].filter((key) => (key === "S" ? this.plan.pair : key === "T" ? structure !== "one_to_one" : true));
      this.lengths.replaceChildren(...shown.map((key) => this.sliders[key].root));
    }
    this.feed.set(this.plan.feed);
    for (const key of ["T", "S", ...SIZES.map(([name]) => name)]) this.sliders[key].set(this.get(key));
    this.sliders.output.input.max = this.plan.nOut;
    this.sliders.output.set(this.picked);
  }

  modelLines() {
    const { plan } = this, factors = Array.from({ length: plan.nOut }, (_, k) => node("span", { class: k + 1 === (this.pointed || this.picked) ? "factor picked" : "factor" }, factor(plan, k + 1)));
    const product = factors.flatMap((span, k) => (k ? [" · ", span] : [span]));
    const note = NOTES[plan.structure];
    return [node("p", { class: "part" }, "What it models"), node("p", { class: "formula" }, node("b", {}, joint(plan)), ...(plan.nOut > 1 ? [" = ", ...product] : [])), node("p", { class: "muted" }, typeof note === "string" ? note : note[plan.feed])];
  }

  stepTable() {
    const { plan, run } = this, several = this.get("B") > 1;
    let fed = 0;
    const rows = plan.columns.map((column, c) => {
      const parts = fedParts(column, () => run.fed[fed++][0]), k = plan.outputs.indexOf(c);
      const y = k < 0 ? "none" : run.y[k].map((row) => fmt(row[0])).join("  "), loss = k < 0 ? "none" : fmt(-Math.log(run.y[k][run.targets[k][0]][0]));
      return [`${column.side} ${column.t}`.trim(), parts, y, k < 0 ? "" : String(run.targets[k][0]), loss];
    });
    return table(`Step by step${several ? `, the first of ${this.get("B")} sequences` : ""}`, ["step", "fed", "ŷ, probabilities", "true class", "loss"], rows, "steps");
  }

  shapeTable() {
    const sized = (list) => `(${list.join(", ")})`;
    const row = ([key, letters, numbers]) => [key, sized(letters), sized(numbers), String(numbers.reduce((a, b) => a * b, 1))];
    return table(`Shapes, ${this.get("n_params")} parameters`, ["array", "shape", "here", "numbers"], [...this.arrays, ...this.parameters].map(row), "shapes");
  }

  tell() {
    const text = this.describe();
    if (this.summary.textContent !== text) this.summary.textContent = text;
    this.frame.say(text);
    this.models.querySelectorAll(".factor").forEach((span, k) => span.classList.toggle("picked", k + 1 === (this.pointed || this.picked)));
  }

  describe() {
    const { plan } = this, t = this.pointed || this.picked, count = (n, what) => `${n} ${what}${n === 1 ? "" : what === "loss" ? "es" : "s"}`;
    const name = STRUCTURES[plan.structure].name, head = `${name[0].toUpperCase()}${name.slice(1)}: ${count(plan.nIn, "input")}, ${count(plan.nOut, "output")}, ${count(plan.nOut, "loss")}.`;
    if (!t) return `${head} It models ${joint(plan)}.`;
    const yes = dependsOn(plan, t), no = inputsOf(plan).filter((text) => !yes.includes(text));
    return `${head} Output ${t} depends on ${yes.join(", ")}${no.length ? `, and not on ${no.join(", ")}` : ", that is, on all inputs"}.`;
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new StructuresView(model, el);
    return () => view.remove();
  },
};
