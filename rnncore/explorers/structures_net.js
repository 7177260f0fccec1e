// The structures: what is fed, what comes out, what depends on what, and a small net with fixed weights that is run. No drawing here.
// Index 0 of an array is step 1. A whole sequence is (T, D, B): lists of lists of lists.

const STRUCTURES = {
  one_to_one: { name: "one to one", feeds: ["x"] },
  one_to_many: { name: "one to many", feeds: ["zeros", "every", "output", "targets"] },
  many_to_one: { name: "many to one", feeds: ["x"] },
  synced: { name: "many to many, in step", feeds: ["x", "output"] },
  bidirectional: { name: "both directions", feeds: ["x"] },
  encoder_decoder: { name: "encoder–decoder", feeds: ["targets", "output"] },
};
const FEEDS = { x: "x at its step", zeros: "x, then zeros", every: "x at every step", output: "own output before", targets: "true output before" };
const feedOf = (structure, feed) => (STRUCTURES[structure].feeds.includes(feed) ? feed : STRUCTURES[structure].feeds[0]);

/** One net: its columns from left to right, each with what is fed and whether it has an output; `into` maps a node to those before it. */
function structurePlan({ structure, feed: wanted, S, T }) {
  const feed = feedOf(structure, wanted), pair = structure === "encoder_decoder", both = structure === "bidirectional";
  const single = structure === "one_to_one" || structure === "one_to_many", symbols = feed === "output" || feed === "targets";
  const nIn = single ? 1 : pair ? S : T, nOut = structure === "one_to_one" || structure === "many_to_one" ? 1 : T;
  const steps = structure === "one_to_one" ? 1 : T;
  const named = (t) => (single ? ["x"] : ["x", String(t)]);
  const x = (t) => (t <= nIn ? { kind: "x", name: named(t) } : feed === "every" ? { kind: "x", name: named(1) } : { kind: "zero", name: ["0"] });
  const symbol = (t) => (t === 1 ? { kind: "start", name: ["START"] } : { kind: feed === "output" ? "own" : "true", name: [feed === "output" ? "ŷ" : "y*", String(t - 1)] });
  const columns = [];
  if (pair) for (let s = 1; s <= S; s++) columns.push({ side: "encoder", t: s, fed: [x(s)], out: false });
  for (let t = 1; t <= steps; t++) {
    const fed = pair ? [symbol(t)] : symbols ? [symbol(t), x(t)] : [x(t)];
    columns.push({ side: pair ? "decoder" : "", t, fed, out: t > steps - nOut });
  }
  const into = {};
  const lead = (from, to) => (into[to] ||= []).push(from);
  columns.forEach(({ fed, out }, c) => {
    const states = both ? ["h", "b"] : ["h"];
    fed.forEach(({ kind }, i) => {
      for (const state of states) lead(`fed:${c}:${i}`, `${state}:${c}`);
      if (kind === "own") lead(`o:${c - 1}`, `fed:${c}:${i}`);
    });
    lead(c ? `h:${c - 1}` : "start", `h:${c}`);
    if (both) lead(c < columns.length - 1 ? `b:${c + 1}` : "end", `b:${c}`);
    if (out) for (const state of states) lead(`${state}:${c}`, `o:${c}`);
  });
  const outputs = columns.map((_, c) => c).filter((c) => columns[c].out);
  return { structure, feed, pair, both, single, symbols, nIn, nOut, columns, outputs, into };
}

const written = (name) => name[0] + (name.length > 1 ? below(name[1]) : "");
/** What is fed, in words; `classOf` tells the class of a symbol. */
const fedParts = (column, classOf) => column.fed.map(({ kind, name }) => (kind === "zero" ? "zeros" : kind === "x" || !classOf ? written(name) : `${written(name)} (class ${classOf()})`)).join(" and ");
const fedText = (column) => fedParts(column);
const upTo = (symbol, n) => (n > 3 ? `${symbol}₁, …, ${symbol}${below(n)}` : Array.from({ length: n }, (_, t) => symbol + below(t + 1)).join(", "));

/** The inputs from outside, in their order. */
function inputsOf(plan, only = null) {
  const names = plan.columns.flatMap(({ fed }, c) => fed.map(({ kind, name }, i) => ({ id: `fed:${c}:${i}`, kind, text: written(name) })));
  return [...new Set(names.filter(({ id, kind }) => ["x", "start", "true"].includes(kind) && (!only || only.has(id))).map(({ text }) => text))];
}

/** Names of the inputs that output t depends on. */
const dependsOn = (plan, t) => inputsOf(plan, ancestors(plan.into, `o:${plan.outputs[t - 1]}`));

/** What output t is a distribution of, and given what. */
function factor(plan, t) {
  const { structure, single, both, pair, nIn, nOut } = plan, whole = both || pair || structure === "many_to_one";
  const xs = single ? "x" : upTo("x", whole ? nIn : t), ys = plan.symbols && t > 1 ? `, ${upTo("y", t - 1)}` : "";
  return `P(${nOut === 1 && !pair ? "y" : `y${below(t)}`} | ${xs}${ys})`;
}

/** The whole distribution. */
function joint(plan) {
  const { single, pair, nIn, nOut } = plan, one = nOut === 1 && !pair;
  return `P(${one ? "y" : upTo("y", nOut)} | ${single ? "x" : upTo("x", nIn)})`;
}

// ---- the net: h = tanh(U x + W h + b), o = V h + c, y = softmax(o) ----

/** Shapes of all parameters, as letters and as numbers, in the order of the reference. */
function parameterShapes(plan, { D, H, K }) {
  const cell = (front, of, n) => [[`${front}U`, ["H", of], [H, n]], [`${front}W`, ["H", "H"], [H, H]], [`${front}b`, ["H", "1"], [H, 1]]];
  const readout = (front, of, n) => [[`${front}V`, ["K", of], [K, n]], [`${front}c`, ["K", "1"], [K, 1]]];
  if (plan.both) return [...cell("ahead.", "D", D), ...cell("back.", "D", D), ...readout("", "2H", 2 * H)];
  if (plan.pair) return [...cell("encoder.", "D", D), ...cell("decoder.", "K", K), ...readout("readout.", "H", H)];
  return [...(plan.symbols ? cell("", "D+K", D + K) : cell("", "D", D)), ...readout("", "H", H)];
}

/** The other arrays of a run. */
function arrayShapes(plan, { S, D, H, K, B }) {
  const T = plan.columns.length, one = plan.nOut === 1;
  const n = one ? ["1", 1] : ["T", plan.nOut], all = (letter, size) => [[letter, "H", "B"], [size, H, B]];
  const inputs = [["x", [plan.single ? "1" : plan.pair ? "S" : "T", "D", "B"], [plan.nIn, D, B]]];
  if (plan.symbols) inputs.push(["y, fed", ["T", "K", "B"], [plan.nOut, K, B]]);
  const states = plan.pair ? [["h̄", ...all("S", S)], ["h", ...all("T", T - S)]] : plan.both ? [["ahead.h", ...all("T", T)], ["back.h", ...all("T", T)]] : [["h", ...all(T === 1 ? "1" : "T", T)]];
  return [...inputs, ["h₀", ["H", "B"], [H, B]], ...states, ["o", [n[0], "K", "B"], [n[1], K, B]], ["y*", [n[0], "B"], [n[1], B]]];
}

const drawn = (random, rows, columns) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => 2 * random() - 1));
const times = (A, X) => A.map((row) => X[0].map((_, b) => row.reduce((sum, value, k) => sum + value * X[k][b], 0)));
const oneHot = (ids, K) => Array.from({ length: K }, (_, k) => ids.map((id) => Number(id === k)));

function cellStep(p, front, x, h) {
  const Ux = times(p[`${front}U`], x), Wh = times(p[`${front}W`], h);
  return Ux.map((row, i) => row.map((value, b) => Math.tanh(value + Wh[i][b] + p[`${front}b`][i][0])));
}

function softmaxColumns(o) {
  const top = o[0].map((_, b) => Math.max(...o.map((row) => row[b])));
  const e = o.map((row) => row.map((value, b) => Math.exp(value - top[b])));
  const sum = top.map((_, b) => e.reduce((s, row) => s + row[b], 0));
  return e.map((row) => row.map((value, b) => value / sum[b]));
}

const argmaxColumns = (o) => o[0].map((_, b) => o.reduce((best, row, k) => (row[b] > o[best][b] ? k : best), 0));

/** Run the net on fixed random numbers: probabilities (T, K, B), the symbols fed (T, B), the true ones, the loss of each output. */
function runStructure(plan, sizes) {
  const { D, H, K, B } = sizes, random = mulberry32(6);
  const p = Object.fromEntries(parameterShapes(plan, sizes).map(([key, , [rows, columns]]) => [key, drawn(random, rows, columns)]));
  const inputs = mulberry32(7), labels = mulberry32(8);
  const x = Array.from({ length: plan.nIn }, () => drawn(inputs, D, B));
  const targets = Array.from({ length: plan.nOut }, () => Array.from({ length: B }, () => Math.floor(labels() * K)));
  const none = (rows) => Array.from({ length: rows }, () => Array(B).fill(0)), outputs = [], fed = [];
  const back = {};
  if (plan.both) {
    let h = none(H);
    for (let c = plan.columns.length - 1; c >= 0; c--) back[c] = h = cellStep(p, "back.", x[c], h);
  }
  let h = none(H);
  plan.columns.forEach(({ side, t, fed: parts, out }, c) => {
    const columns = parts.map(({ kind, name }) => {
      if (kind === "x") return x[name.length > 1 ? t - 1 : 0];
      if (kind === "zero") return none(D);
      fed.push(kind === "start" ? Array(B).fill(0) : kind === "own" ? argmaxColumns(outputs.at(-1)) : targets[t - 2]);
      return oneHot(fed.at(-1), K);
    });
    const ordered = !plan.pair && plan.symbols ? [columns[1], columns[0]] : columns; // x above, the symbol below
    h = cellStep(p, side ? `${side}.` : plan.both ? "ahead." : "", ordered.flat(), h);
    if (!out) return;
    const state = plan.both ? [...h, ...back[c]] : h, read = plan.pair ? "readout." : "";
    outputs.push(times(p[`${read}V`], state).map((row, k) => row.map((value) => value + p[`${read}c`][k][0])));
  });
  const y = outputs.map(softmaxColumns);
  const losses = y.map((step, t) => targets[t].reduce((sum, k, b) => sum - Math.log(step[k][b]), 0));
  return { y, fed, targets, losses, loss: losses.reduce((a, b) => a + b, 0) };
}
