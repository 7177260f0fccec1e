// The view of the beam explorer.

const PRESET_NAMES = [["greedy loses", "Greedy loses, width 2 wins"], ["width 2 loses", "Width 2 loses, width 3 wins"], ["short wins", "The empty sentence wins at α = 0"], ["", "Your own numbers"]];

class BeamView {
  constructor(model, el) {
    this.frame = mount(el, "Beam search: which sentences live on?", () => this.draw());
    this.bind = bind(model, ["counts", "width", "alpha", "step", "preset"], (name) => this.outside(name));
    this.picked = null; // the candidate that is explained, {ids}
    this.build();
    this.publish();
  }

  get(name) { return this.bind.get(name); }
  get shown() { return Math.min(this.get("step"), this.search.steps.length); }

  // ---- what happens ----

  /** A trait was set from Python or by another view. */
  outside(name) {
    if (name === "step") this.draw();
    else if (name === "preset" && this.get("preset") && !this.isPreset()) this.choosePreset(this.get("preset"));
    else this.publish();
  }

  isPreset(name = this.get("preset")) {
    return JSON.stringify(this.get("presets")[name]) === JSON.stringify(this.get("counts"));
  }

  choosePreset(name) {
    if (!name) return this.draw();
    this.picked = null;
    this.change({ counts: structuredClone(this.get("presets")[name]), preset: name });
  }

  change(values) {
    this.bind.put(values);
    this.publish();
  }

  setCount(i, k, value) {
    if (value <= 0) { // a word that never comes would have the log-probability −∞
      this.fields[i][k].set(this.get("counts")[i][k]);
      return this.fields[i][k].root.setAttribute("aria-invalid", "true");
    }
    const counts = copyMatrix(this.get("counts"));
    counts[i][k] = value;
    this.change({ counts });
  }

  /** Search, write the results back, draw. */
  publish() {
    const table = nextWords(this.get("counts")), alpha = this.get("alpha");
    this.search = beamSearch(table, this.get("width"), alpha);
    this.all = bestOfAll(table, alpha);
    const { found } = this.search, padded = (ids) => Array.from({ length: LONGEST }, (_, i) => ids[i] ?? -1);
    this.bind.put({
      ids: found.map(({ ids }) => padded(ids)), log_probs: found.map(({ logProb }) => logProb), scores: found.map(({ score }) => score),
      best_ids: padded(this.all.best[0].ids), best_log_prob: this.all.best[0].logProb, preset: this.isPreset() ? this.get("preset") : "",
    });
    this.draw();
  }

  goTo(step) {
    this.bind.put({ step: Math.max(0, Math.min(step, this.search.steps.length)) });
    this.draw();
  }

  pick(ids) {
    this.picked = ids;
    this.draw();
  }

  // ---- what is there ----

  build() {
    this.summary = node("p", { class: "summary" });
    this.picture = node("div", {});
    for (const name of ["ranks", "found", "best"]) this[name] = node("div", { class: "ranks" });
    this.why = node("p", { class: "why" });
    this.look = choice("Why?", [], (key) => this.pick(key.split(" ").map(Number)));
    this.frame.root.append(
      node("p", { class: "hint" }, "A table says how often each word follows another. Every step continues all living beginnings by every word and keeps the most probable, as many as the beam is wide. The number in a box is log P of the words so far; a dashed box is cut, a double one has ended, and ✗ stands where a beginning died. Pick a box to read why it lives or died."),
      this.buildControls(), this.summary, this.picture,
      node("div", { class: "columns tables block" }, node("div", {}, this.look.root, this.why, this.ranks), node("div", {}, this.found, this.best)), this.buildTable());
  }

  buildControls() {
    this.preset = choice("Start from", PRESET_NAMES, (name) => this.choosePreset(name));
    this.width = slider("Width", { min: 1, max: 5, step: 1, show: (v) => String(v) }, (width) => this.change({ width }));
    this.alpha = slider("Length penalty α", { min: 0, max: 2, step: 0.1, show: (v) => fmt(v, 1) }, (alpha) => this.change({ alpha }));
    this.next = button("Next step", () => this.goTo(this.shown + 1), { kind: "main" });
    this.back = button("Back", () => this.goTo(this.shown - 1));
    const order = toolbar("Steps of the search", this.next, this.back, button("Start", () => this.goTo(0)), button("To the end", () => this.goTo(LONGEST)));
    return node("div", {}, this.preset.root, node("div", { class: "wrap controls" }, this.width.root, this.alpha.root, order));
  }

  buildTable() {
    this.fields = BEFORE.map((before, i) => WORDS.map((word, k) => numberField(`${word} after ${before}`, (value) => this.setCount(i, k, value), { digits: 0, by: 1 })));
    const rows = BEFORE.map((before, i) => node("tr", {}, node("th", { scope: "row" }, before), ...this.fields[i].map(({ root }) => node("td", {}, root))));
    const built = node("table", { class: "fields", "aria-label": "How often each word follows" }, node("thead", {}, node("tr", {}, ...["after", ...WORDS].map((word) => node("th", { scope: "col" }, word)))), node("tbody", {}, ...rows));
    return node("div", { class: "block" }, node("p", { class: "part" }, "How often each word follows: a row over its sum is P"), node("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "How often each word follows" }, built));
  }

  // ---- what is seen ----

  draw() {
    if (!this.search) return;
    const { search, shown } = this, room = Math.max(250, Math.min(this.picture.clientWidth || 700, 1060));
    const looked = this.looked(), marked = shown >= search.steps.length ? search.found[0].ids : looked ? looked.one.ids : [];
    this.picture.replaceChildren(beamTree(room, search, shown, marked, looked?.one, (_, one) => this.pick(one.ids)));
    this.drawControls();
    this.drawLook(looked);
    renew(this.ranks, shown ? this.ranksTable(looked) : node("p", { class: "muted" }, "No step yet: the only beginning is [START], with log P = 0."));
    renew(this.found, this.foundTable());
    renew(this.best, this.bestTable());
    const counts = this.get("counts"), sums = counts.map((row) => row.reduce((a, b) => a + b));
    this.fields.forEach((row, i) => row.forEach((field, k) => {
      field.set(counts[i][k]);
      field.root.style.setProperty("--tint", `rgba(0, 158, 115, ${(0.5 * counts[i][k] / sums[i]).toFixed(3)})`);
    }));
    this.summary.textContent = this.describe();
    this.frame.say(this.summary.textContent);
  }

  drawControls() {
    this.preset.set(this.get("preset"));
    this.width.set(this.get("width"));
    this.alpha.set(this.get("alpha"));
    this.next.setAttribute("aria-disabled", this.shown >= this.search.steps.length);
    this.back.setAttribute("aria-disabled", this.shown === 0);
  }

  /** All candidates drawn so far, {one, t}. */
  candidates() {
    return this.search.steps.slice(0, this.shown).flatMap((made, i) => drawn(made).map((one) => ({ one, t: i + 1 })));
  }

  /** The candidate to explain: what the reader picked, else where the best sentence of all was lost, else the best one that was cut. */
  looked() {
    const all = this.candidates(), dead = all.filter(({ one, t }) => isDead(this.search, one, t, this.shown));
    return all.find(({ one }) => this.picked && same(one.ids, this.picked)) ?? dead.find(({ one }) => startsWith(this.all.best[0].ids, one.ids)) ?? dead.at(-1 - (dead.length > 2 ? 2 : 0)) ?? all[0];
  }

  drawLook(looked) {
    const list = this.candidates().map(({ one, t }) => [one.ids.join(" "), `${isDead(this.search, one, t, this.shown) ? "✗ " : ""}${sentence(one.ids)}`]);
    this.look.options(list.length ? list : [["", "no box yet"]]);
    if (!looked) return this.why.replaceChildren("Press “Next step”.");
    this.look.set(looked.one.ids.join(" "));
    this.why.replaceChildren(this.explain(looked));
  }

  explain({ one, t }) {
    const fate = fateOf(this.search, one, t, this.shown), words = (item) => `“${sentence(item.ids)}”`, width = this.get("width"), of = this.search.steps[t - 1].length;
    const lost = startsWith(this.all.best[0].ids, one.ids) && ["cut", "died"].includes(fate.kind) ? " It begins the best sentence of all: here the search loses it." : "";
    const sum = t > 1 ? `${fmt(one.parent.logProb)} + ${term(one.own)} = ${fmt(one.logProb)}` : fmt(one.logProb);
    return `${words(one)} has log P = ${sum}, rank ${one.rank + 1} of ${of} at step ${t}. ` + {
      cut: () => `Only ${width} ${width === 1 ? "is" : "are"} kept; the last kept, ${words(fate.last)}, has ${fmt(fate.last.logProb)}. It is cut.${lost}`,
      died: () => `It was kept, but died at step ${t + 1}: its best continuation, ${words(fate.child)}, has ${fmt(fate.child.logProb)} and rank ${fate.child.rank + 1}; the last kept has ${fmt(fate.last.logProb)}.${lost}`,
      ended: () => `It has ended: its score is ${fmt(one.logProb)} / ${t}^${fmt(this.get("alpha"), 1)} = ${fmt(one.score)}.`,
      continued: () => "It lives on: a continuation is kept.", alive: () => "It is kept, and continued next.",
      stopped: () => "It is kept, but the search stops: no continuation can get a better score than those that have ended.",
      longest: () => "It is kept, but not continued: the longest sentence is reached.",
    }[fate.kind]();
  }

  ranksTable(looked) {
    const t = this.shown, made = this.search.steps[t - 1], kept = made.filter((one) => one.kept).length, list = made.slice(0, kept + CUT_SHOWN);
    const rows = list.map((one) => [String(one.rank + 1), sentence(one.ids), fmt(Math.exp(one.own), 2), fmt(one.logProb), one.kept ? (one.ended ? "ended" : "kept") : "cut"]);
    const built = table(`The best of ${made.length} candidates at step ${t}`, ["rank", "words", "P of last", "log P", "fate"], rows);
    built.querySelectorAll("tbody tr").forEach((row, i) => { row.className = `${list[i].kept ? "" : "cut"} ${i === kept - 1 ? "edge" : ""} ${list[i] === looked?.one ? "picked" : ""}`; });
    return built;
  }

  foundTable() {
    const over = this.shown >= this.search.steps.length, list = over ? this.search.found : this.search.steps.slice(0, this.shown).flat().filter((one) => one.kept && one.ended);
    const rows = list.map((one, i) => [String(i + 1), sentence(one.ids) + (one.ended ? "" : " …"), fmt(one.logProb), String(one.ids.length), fmt(one.score)]);
    if (!rows.length) return node("p", { class: "muted" }, "None has ended yet.");
    return table(over ? "Found by the search, the best first" : "Ended so far", ["", "words", "log P", "length", "score"].map((text) => text || "rank"), rows);
  }

  bestTable() {
    const { best, number } = this.all, place = (ids) => this.search.found.findIndex((one) => same(one.ids, ids));
    const rows = best.map((one, i) => [String(i + 1), sentence(one.ids), fmt(one.logProb), fmt(one.score), place(one.ids) >= 0 ? "yes" : "no"]);
    return table(`The best of all ${number} sentences of up to ${LONGEST} symbols, [END] among them`, ["rank", "words", "log P", "score", "found"], rows);
  }

  describe() {
    const { found, steps } = this.search, [best] = this.all.best, width = this.get("width"), said = (one) => `“${sentence(one.ids)}”, log P ${fmt(one.logProb)}, score ${fmt(one.score)}`;
    if (this.shown < steps.length) return `Width ${width}${width === 1 ? ", greedy" : ""}: ${this.shown} of ${steps.length} steps done, ${this.shown ? steps[this.shown - 1].filter((one) => one.kept && !one.ended).length : 1} alive.`;
    return `Width ${width}${width === 1 ? ", greedy" : ""}: ${said(found[0])}. ${same(found[0].ids, best.ids) ? "It is the best of all." : `The best of all is ${said(best)}.`}`;
  }

  remove() {
    this.bind.release();
    this.frame.unmount();
  }
}

export default {
  render({ model, el }) {
    const view = new BeamView(model, el);
    return () => view.remove();
  },
};
