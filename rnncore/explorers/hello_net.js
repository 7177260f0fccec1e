// The character net itself: forward pass, backpropagation through time, the optimizers, greedy generation. No drawing here.

const VOCABULARY = ["h", "e", "l", "o"];
const INPUTS = [0, 1, 2, 2]; // h e l l
const TARGETS = [1, 2, 2, 3]; // e l l o
const KEYS = ["U", "W", "b", "V", "c"];

/** Matrix times vector. */
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, m, j) => sum + m * vector[j], 0));

/** Softmax, shifted so that no exponential overflows. */
function softmax(o) {
  const top = Math.max(...o);
  const e = o.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

/** −log softmax(o)_k, exact also where the confidence is tiny. */
function crossEntropy(o, k) {
  const top = Math.max(...o);
  return top - o[k] + Math.log(o.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** One step: h = tanh(U x + W h₋ + b), o = V h + c, ŷ = softmax(o), with the parts of each sum. */
function netStep(p, character, before) {
  const ux = p.U.map((row) => row[character]);
  const wh = times(p.W, before);
  const a = ux.map((v, i) => v + wh[i] + p.b[i][0]);
  const h = a.map(Math.tanh);
  const vh = times(p.V, h);
  const o = vh.map((v, k) => v + p.c[k][0]);
  return { ux, wh, a, h, vh, o, y: softmax(o), before };
}

/** "hell" through the net from h₀ = 0: one record per step, with its loss. */
function netForward(p) {
  let h = [0, 0, 0];
  return INPUTS.map((character, t) => {
    const step = netStep(p, character, h);
    h = step.h;
    return { ...step, loss: crossEntropy(step.o, TARGETS[t]) };
  });
}

const totalLoss = (steps) => steps.reduce((sum, step) => sum + step.loss, 0);

/** Gradients of L = Σ L_t, backwards through the four steps. */
function netBackward(p, steps) {
  const d = Object.fromEntries(KEYS.map((key) => [key, zerosLike(p[key])]));
  let carried = [0, 0, 0]; // what step t + 1 sends back to h_t
  for (let t = steps.length - 1; t >= 0; t--) {
    const { h, y, before } = steps[t];
    const dO = y.map((v, k) => v - (k === TARGETS[t] ? 1 : 0));
    const dh = h.map((_, j) => dO.reduce((sum, v, k) => sum + p.V[k][j] * v, carried[j]));
    const da = dh.map((v, j) => v * (1 - h[j] * h[j]));
    dO.forEach((v, k) => { d.c[k][0] += v; h.forEach((hj, j) => { d.V[k][j] += v * hj; }); });
    da.forEach((v, i) => { d.b[i][0] += v; d.U[i][INPUTS[t]] += v; before.forEach((hj, j) => { d.W[i][j] += v * hj; }); });
    carried = before.map((_, j) => da.reduce((sum, v, i) => sum + p.W[i][j] * v, 0));
  }
  return d;
}

/** Gradient descent, or Adam with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸. `moments` lives as long as the run of training. */
class Trainer {
  constructor() { this.restart(); }

  restart() { this.moments = {}; this.count = 0; }

  step(p, kind, rate) {
    const d = netBackward(p, netForward(p));
    this.count += 1;
    return Object.fromEntries(KEYS.map((key) => [key, p[key].map((row, i) => row.map((v, j) => v - rate * (kind === "adam" ? this.adam(key, i, j, d[key][i][j]) : d[key][i][j])))]));
  }

  /** The direction in which Adam moves one entry. */
  adam(key, i, j, gradient) {
    const m = (this.moments[`${key} ${i} ${j}`] ||= [0, 0]);
    m[0] = 0.9 * m[0] + 0.1 * gradient;
    m[1] = 0.999 * m[1] + 0.001 * gradient * gradient;
    const first = m[0] / (1 - 0.9 ** this.count);
    const second = m[1] / (1 - 0.999 ** this.count);
    return first / (Math.sqrt(second) + 1e-8);
  }
}

/** Feed a character, take the likeliest next one, feed it back: `count` characters and their confidences. */
function generate(p, first, count) {
  let character = first, h = [0, 0, 0];
  return Array.from({ length: count }, () => {
    const step = netStep(p, character, h);
    h = step.h;
    character = step.y.indexOf(Math.max(...step.y));
    return { character, confidence: step.y[character] };
  });
}

/** Weights drawn evenly from (−1, 1), in the order U, W, b, V, c, row by row; biases zero. */
function randomWeights(p, seed) {
  const random = mulberry32(seed);
  const draw = (key) => p[key].map((row) => row.map(() => (key === "b" || key === "c" ? 0 : 2 * random() - 1)));
  return Object.fromEntries(KEYS.map((key) => [key, draw(key)]));
}
