// A recurrent net that reads one line word by word: what it is fed, its picks and losses, training forced or free. No drawing here.

const WORDS = ["[START]", "the", "wheels", "on", "bus", "go", "round", "and", "[END]"];
const LINE = [0, 1, 2, 3, 1, 4, 5, 6, 7, 6, 8]; // [START] the wheels on the bus go round and round [END]
const TARGETS = LINE.slice(1), T = TARGETS.length, UNITS = 8, RATE = 0.03;
const KEYS = ["U", "W", "b", "V", "c"];

/** Weights drawn evenly from (−0.5, 0.5), in the order U, W, V, row by row; biases zero. */
function startWeights(seed) {
  const random = mulberry32(seed), block = (rows, columns, draw) => Array.from({ length: rows }, () => Array.from({ length: columns }, draw));
  const drawn = (rows, columns) => block(rows, columns, () => 0.5 * (2 * random() - 1)), zeros = (rows) => block(rows, 1, () => 0);
  return { U: drawn(UNITS, WORDS.length), W: drawn(UNITS, UNITS), b: zeros(UNITS), V: drawn(WORDS.length, UNITS), c: zeros(WORDS.length) };
}

/** One step from h: h = tanh(U x + W h₋ + b), o = V h + c; the distribution, the pick, the loss. */
function lineStep(p, fed, before, target) {
  const h = p.W.map((row, i) => Math.tanh(row.reduce((sum, w, j) => sum + w * before[j], p.U[i][fed] + p.b[i][0])));
  const o = p.V.map((row, k) => row.reduce((sum, v, j) => sum + v * h[j], p.c[k][0]));
  const top = Math.max(...o), e = o.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b);
  return { fed, before, h, y: e.map((v) => v / sum), pick: o.indexOf(top), loss: Math.log(sum) + top - o[target], target };
}

/** The whole line. `truth(t)` says whether step t, from 1, is fed the true word or the net's own pick of the step before. */
function readLine(p, truth) {
  const steps = [];
  for (let t = 0; t < T; t++) {
    const last = steps[t - 1], forced = t === 0 || truth(t);
    steps.push({ ...lineStep(p, forced ? LINE[t] : last.pick, last ? last.h : Array(UNITS).fill(0), TARGETS[t]), from: t === 0 ? "start" : forced ? "truth" : "own" });
  }
  return steps;
}

/** The rule of a mode, and for "coin" its tosses: uniform numbers, the truth where one is below ε. */
function feeding(mode, epsilon, seed) {
  if (mode !== "coin") return () => mode === "forced";
  const random = mulberry32(seed), tosses = Array.from({ length: T - 1 }, random);
  return (t) => tosses[t - 1] < epsilon;
}

const wrongWords = (steps) => steps.filter(({ pick, target }) => pick !== target).length;
const meanLoss = (steps) => steps.reduce((sum, { loss }) => sum + loss, 0) / T;

/** Gradients of the mean loss, backwards through the steps. Which words were fed counts as given. */
function lineBackward(p, steps) {
  const d = Object.fromEntries(KEYS.map((key) => [key, zerosLike(p[key])]));
  let carried = Array(UNITS).fill(0); // what step t + 1 sends back to h_t
  for (let t = T - 1; t >= 0; t--) {
    const { fed, before, h, y, target } = steps[t];
    const dO = y.map((v, k) => (v - (k === target ? 1 : 0)) / T);
    const da = h.map((v, j) => dO.reduce((sum, g, k) => sum + p.V[k][j] * g, carried[j]) * (1 - v * v));
    dO.forEach((g, k) => { d.c[k][0] += g; h.forEach((v, j) => { d.V[k][j] += g * v; }); });
    da.forEach((g, i) => { d.b[i][0] += g; d.U[i][fed] += g; before.forEach((v, j) => { d.W[i][j] += g * v; }); });
    carried = before.map((_, j) => da.reduce((sum, g, i) => sum + p.W[i][j] * g, 0));
  }
  return d;
}

/** A stage of training: the weights, Adam's two means, and how the net does here, forced and free. */
function stage(p, first, second) {
  return { p, first, second, forced: readLine(p, () => true), free: readLine(p, () => false) };
}

/** The stage after one more update by Adam (0.9, 0.999, 10⁻⁸), the n-th, with the net forced or free. */
function nextStage(last, mode, n) {
  const d = lineBackward(last.p, last[mode]);
  const each = (f) => Object.fromEntries(KEYS.map((key) => [key, d[key].map((row, i) => row.map((g, j) => f(key, i, j, g)))]));
  const first = each((key, i, j, g) => 0.9 * last.first[key][i][j] + 0.1 * g);
  const second = each((key, i, j, g) => 0.999 * last.second[key][i][j] + 0.001 * g * g);
  const move = (key, i, j) => RATE * (first[key][i][j] / (1 - 0.9 ** n)) / (Math.sqrt(second[key][i][j] / (1 - 0.999 ** n)) + 1e-8);
  return stage(each((key, i, j) => last.p[key][i][j] - move(key, i, j)), first, second);
}

/** All stages of a training from the weights of a seed; `known` are those of a training with the same start, as far as it agrees. */
function trainLine(seed, history, known = []) {
  const p = startWeights(seed), zeros = Object.fromEntries(KEYS.map((key) => [key, zerosLike(p[key])]));
  const stages = known.length ? [...known] : [stage(p, zeros, zeros)];
  for (let n = stages.length; n <= history.length; n++) stages.push(nextStage(stages[n - 1], history[n - 1], n));
  return stages;
}
