// The view of the attention explorer.

const KIND_NAMES = [["dot", "dot: q · k"], ["scaled", "scaled: q · k / √2"], ["general", "general: q · W k"], ["additive", "additive: v · tanh(…)"]];
const VECTORS = { Q: TARGET, K: SOURCE, V: SOURCE };
const SHAPES = { W_a: ["(2, 2)", 2, 2], W_q: ["(3, 2)", 3, 2], W_k: ["(3, 2)", 3, 2], v: ["(3, 1)", 3, 1] };
const GIVEN = [...Object.keys(VECTORS), ...MATRICES, "added", "kind", "temperature", "masked", "tied"];

const factor = (value) => term(value);
const strong = (text) => node("b", {}, text);
const pair = (values) => `(${values.map((value) => fmt(value)).join(",\u00a0")})`;
const products = (pairs) => pairs.map(([a, b]) => `${factor(a)}\u00a0·\u00a0${factor(b)}`).join(" + ");

class AttentionView {
  constructor(model, el) {
    this.frame = mount(el, "Attention: where does each word look?", () => this.draw());
    this.bind = bind(model, [...GIVEN, "word"], (name) => (name === "word" ? this.draw() : this.publish()));
    this.start = structuredClone(Object.fromEntries(GIVEN.map((name) => [name, this.get(name)]))); // what "Back to the start" restores
    this.pointed = null; // the row under the pointer
    this.picked = { name: "Q", i: 0, j: 1 };
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get word() { return this.pointed ?? this.get("word"); }

  // ---- what happens ----

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  setEntry({ name, i, j }, value) {
    const all = structuredClone(this.get(name));
    if (name in VECTORS) all[j][i][0] = value;
    else all[i][j] = value;
    this.change({ [name]: all });
  }

  /** The reader's own score: what it differs from the computed one is kept and added. */
  setScore(s, value) {
    const added = structuredClone(this.get("added"));
    added[this.word][s][0] = value - this.looks[this.word].items[s].score;
    this.change({ added });
  }

  pick(word) {
    this.bind.put({ word });
    this.pointed = null;
    this.draw();
  }

  point(word) {
    if (word === this.pointed) return;
    this.pointed = word;
    this.draw();
  }

  /** Compute everything, write it back, draw. */
  publish() {
    const values = this.get(this.get("tied") ? "K" : "V").map(flat), queries = this.get("Q").map(flat);
    const weights = Object.fromEntries(MATRICES.map((name) => [name, this.get(name)]));
    this.p = { ...weights, kind: this.get("kind"), keys: this.get("K").map(flat), values, temperature: this.get("temperature"), real: this.get("masked") ? REAL : SOURCE.length };
    this.looks = queries.map((q, t) => look(this.p, q, flat(this.get("added")[t])));
    this.bind.put({ scores: this.looks.map(({ scores }) => column(scores)), weights: this.looks.map((found) => column(found.weights)), contexts: this.looks.map(({ context }) => column(context)) });
    this.draw();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    this.picture = node("div", {});
    for (const name of ["softmax", "context", "all"]) this[name] = node("div", {});
    this.frame.root.append(
      node("p", { class: "hint" }, "“the black cat sleeps” becomes “il gatto nero dorme”. For each Italian word a query is compared with the key of every English word; softmax turns the scores into weights; the context is the weighted mean of the values. Point at an Italian word; change any number."),
      this.buildSettings(), this.summary, node("div", { class: "columns seen" }, this.buildHeat(), this.picture),
      node("div", { class: "columns steps block" }, this.buildScores(), this.softmax, this.context), this.buildPicked(), this.buildEditors(),
      node("details", {}, node("summary", {}, "All words as a table"), this.all));
  }

  buildSettings() {
    this.kind = choice("Score", KIND_NAMES, (kind) => this.change({ kind }));
    this.temperature = slider("Temperature", { min: 0.1, max: 4, step: 0.05 }, (temperature) => this.change({ temperature }));
    const check = (name, text) => {
      this[name] = node("input", { type: "checkbox", onchange: () => this.change({ [name]: this[name].checked }) });
      return node("label", { class: "check" }, this[name], text);
    };
    const back = button("Back to the start", () => this.change(structuredClone(this.start)));
    return node("div", { class: "wrap settings" }, this.kind.root, this.temperature.root, check("masked", "Mask the padding"), check("tied", "Values are the keys"), back);
  }

  /** The weights of all words: a row for each Italian word, headed by its button. */
  buildHeat() {
    this.words = TARGET.map((word, t) => button(word, () => this.pick(t)));
    this.cells = TARGET.map((_, t) => SOURCE.map(() => node("td", { onclick: () => this.pick(t) })));
    this.rows = TARGET.map((_, t) => node("tr", { onpointerenter: (event) => { if (event.pointerType === "mouse") this.point(t); } }, node("th", { scope: "row" }, this.words[t]), ...this.cells[t]));
    this.words.forEach((one, t) => one.addEventListener("focus", () => { if (one.matches(":focus-visible")) this.pick(t); }));
    const head = node("tr", {}, node("th", { scope: "col" }, "word"), ...SOURCE.map((word) => node("th", { scope: "col" }, word)));
    const grid = node("table", { class: "heat", "aria-label": "Weights", onpointerleave: () => this.point(null) }, node("thead", {}, head), node("tbody", {}, ...this.rows));
    return node("div", {}, node("p", { class: "part" }, "Weights: each row sums to 1"), grid);
  }

  buildScores() {
    this.fields = SOURCE.map((word, s) => numberField(`Score of ${word}`, (value) => this.setScore(s, value)));
    this.ways = SOURCE.map(() => node("span", { class: "way" }));
    this.scoresTitle = node("p", { class: "part" });
    this.given = node("p", { class: "hint" });
    this.clear = button("Take my scores back", () => this.change({ added: this.get("added").map(zerosLike) }));
    const built = table("1. Scores", ["key of", "how", "score"], SOURCE.map((word, s) => [word, this.ways[s], this.fields[s].root]));
    built.querySelector(".part").replaceWith(this.scoresTitle);
    return node("div", {}, built, this.given, this.clear);
  }

  /** A slider for the entry that was touched last: easier than digits on a phone. */
  buildPicked() {
    this.pickedSlider = slider("", { min: -3, max: 3, step: 0.05 }, (value) => this.setEntry(this.picked, value));
    return node("div", { class: "picked-row" }, this.pickedSlider.root);
  }

  buildEditors() {
    const make = (name, symbol, size, rows, columns) => matrixEditor(symbol, size, rows, columns, (i, j, value) => this.setEntry({ name, i, j }, value), (i, j) => this.touch({ name, i, j }));
    const count = (n) => Array.from({ length: n }, (_, k) => String(k + 1));
    const vectors = Object.entries(VECTORS).map(([name, words]) => [name, make(name, name, `(2, ${words.length})`, ["1", "2"], words)]);
    const weights = MATRICES.map((name) => { const [size, rows, columns] = SHAPES[name]; return [name, make(name, name, size, count(rows), columns > 1 ? count(columns) : [""])]; });
    this.editors = Object.fromEntries([...vectors, ...weights]);
    for (const name of MATRICES.slice(0, 3)) this.editors[name].root.querySelector("legend b").replaceChildren(sub("W", name[2]));
    this.edited = node("div", { class: "wrap editors" });
    return this.edited;
  }

  touch(where) {
    this.picked = where;
    if (where.name === "Q") this.pick(where.j);
    else this.draw();
  }

  // ---- what is seen ----

  draw() {
    if (!this.looks) return;
    const room = Math.max(230, Math.min(330, this.frame.root.clientWidth - 32)), t = this.word, found = this.looks[t];
    const far = reach(this.p, this.get("Q").map(flat));
    const marks = this.get("tied") ? "A circle is a key and value in one, larger with more weight" : "A square is a key; a circle is a value, larger with more weight";
    renew(this.picture, plane(room, this.p, found, TARGET[t], this.get("tied"), far), node("p", { class: "hint", style: `max-width: ${room}px` }, `${marks}. The arrow is the query, the diamond the context.`));
    this.drawSettings();
    this.drawHeat();
    this.drawScores(found);
    renew(this.softmax, this.softmaxTable(found));
    renew(this.context, this.contextTable(found));
    this.drawEditors();
    renew(this.all, this.allTable());
    this.summary.textContent = this.describe(found, t);
    this.frame.say(this.summary.textContent);
  }

  drawSettings() {
    this.kind.set(this.get("kind"));
    this.temperature.set(this.get("temperature"));
    this.masked.checked = this.get("masked");
    this.tied.checked = this.get("tied");
  }

  drawHeat() {
    this.looks.forEach(({ weights }, t) => {
      this.rows[t].className = t === this.word ? "now" : "";
      this.words[t].setAttribute("aria-pressed", t === this.get("word"));
      this.cells[t].forEach((cell, s) => {
        cell.className = s < this.p.real ? "" : "out";
        cell.style.setProperty("--w", (0.62 * weights[s]).toFixed(3));
        cell.textContent = s < this.p.real ? fmt(weights[s]) : "0";
      });
    });
  }

  drawScores({ q, items, scores, added }) {
    const kind = this.get("kind");
    this.scoresTitle.replaceChildren("1. Scores of ", strong(TARGET[this.word]), ", ", sub("q", ""), ` = ${pair(q)}`);
    items.forEach((item, s) => {
      const lines = [kind === "scaled" ? `(${products(item.products)}) / √2` : products(item.products)];
      if (kind === "general") lines.unshift(`W k = ${pair(item.key)}`);
      if (kind === "additive") lines.unshift(`W k = ${pair(item.key)}`, `tanh: ${pair(item.u)}`);
      if (Math.abs(added[s]) > 1e-12) lines.push(`${fmt(item.score)} by the rule, ${fmt(added[s])} added by you`);
      this.ways[s].replaceChildren(...lines.map((line) => node("span", {}, line)));
      this.fields[s].set(scores[s]);
      this.fields[s].root.closest("tr").className = s < this.p.real ? "" : "out";
    });
    const fed = kind === "additive" ? pair(times(this.p.W_q, q)) : "";
    this.given.textContent = { dot: "Query times key, number by number.", scaled: "Divided by the root of the size, √2, so that longer vectors do not make larger scores.", general: "The key first goes through the matrix W.", additive: `tanh of W k + W q, with W q = ${fed}; then times v.` }[kind] + (this.p.real < SOURCE.length ? " The padding is masked: its score counts as −∞." : "");
    this.clear.setAttribute("aria-disabled", !this.get("added").flat(2).some((value) => value !== 0));
  }

  softmaxTable({ cooled, top, powers, sum, weights }) {
    const head = this.p.temperature === 1 ? "score" : `over ${fmt(this.p.temperature)}`;
    const rows = SOURCE.map((word, s) => [word, s < this.p.real ? fmt(cooled[s]) : "−∞", fmt(powers[s], 3), strong(fmt(weights[s], 3))]);
    const built = sumLast(table("2. Softmax of the scores", ["key of", head, "power", "weight"], [...rows, ["sum", "", fmt(sum, 3), fmt(1, 3)]]));
    built.append(node("p", { class: "hint" }, `Power: e to the score${head === "score" ? "" : " over the temperature"}, less the largest, ${fmt(top)}. Weight: power over their sum.`));
    return built;
  }

  contextTable({ weights, context }) {
    const rows = SOURCE.map((word, s) => [word, ...this.p.values[s].map((value) => `${fmt(weights[s], 3)}\u00a0·\u00a0${factor(value)} =\u00a0${fmt(weights[s] * value, 3)}`)]);
    const built = table("3. Context, the weighted mean of the values", ["value of", "1st number", "2nd number"], [...rows, [sub("c", ""), ...context.map((value) => fmt(value, 3))]]);
    return sumLast(built);
  }

  drawEditors() {
    const own = WEIGHTS_OF[this.get("kind")], tied = this.get("tied");
    if (MATRICES.includes(this.picked.name) && !own.includes(this.picked.name) || tied && this.picked.name === "V") this.picked = { name: "Q", i: 0, j: this.get("word") };
    const needed = ["Q", "K", ...(tied ? [] : ["V"]), ...own];
    if (String(this.needed) !== String(needed)) this.edited.replaceChildren(...needed.map((name) => this.editors[name].root));
    this.needed = needed;
    for (const name of needed) this.editors[name].set(name in VECTORS ? transpose(this.get(name).map(flat)) : this.get(name));
    const { name, i, j } = this.picked, words = VECTORS[name];
    this.pickedSlider.root.querySelector("label").textContent = words ? `${name}: ${words[j]}, ${i ? "2nd" : "1st"} number` : `${name}: row ${i + 1}${name === "v" ? "" : `, column ${j + 1}`}`;
    this.pickedSlider.set(words ? this.get(name)[j][i][0] : this.get(name)[i][j]);
    for (const [other, editor] of Object.entries(this.editors)) editor.mark(other === name ? i : -1, other === name ? j : -1);
  }

  allTable() {
    const rows = this.looks.map(({ weights, context }, t) => [TARGET[t], ...weights.map((w) => fmt(w, 3)), ...context.map((value) => fmt(value, 3))]);
    return table("What each word gets, and its context", ["word", ...SOURCE, "c₁", "c₂"], rows);
  }

  describe({ weights, context }, t) {
    const order = SOURCE.map((_, s) => s).sort((a, b) => weights[b] - weights[a]), seen = (s) => `“${SOURCE[s]}” with ${fmt(weights[s])}`;
    return `“${TARGET[t]}” looks at ${seen(order[0])}, then at ${seen(order[1])}. Its context is ${pair(context)}.`;
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

/** Mark the last row of a table as its sum. */
function sumLast(built) {
  built.querySelector("tbody tr:last-child").className = "sum";
  return built;
}

export default {
  render({ model, el }) {
    const view = new AttentionView(model, el);
    return () => view.remove();
  },
};
