// The LSTM cell with three inputs and two units. No drawing here. Index 0 of an array is t = 1.

const INPUT_NAMES = ["family", "spider", "6 AM"], UNIT_NAMES = ["mood", "alarm"];
const LETTERS = ["i", "f", "g", "o"];
const WEIGHTS_OF = Object.fromEntries(LETTERS.map((letter) => [letter, [`U_${letter}`, `W_${letter}`, `b_${letter}`]]));
const PARAMETERS = Object.values(WEIGHTS_OF).flat();

/** Written by tanh, as in the reference: it cannot overflow, and σ(100) is exactly 1. */
const logistic = (a) => 0.5 * (1 + Math.tanh(0.5 * a));

const flat = (columns) => columns.map(([value]) => value);

/** All products that one unit of a gate adds up: {kind, from, weight, value, product}; the bias comes last. */
function gateTerms(p, letter, x, h, unit) {
  const [U, W, b] = WEIGHTS_OF[letter].map((key) => p[key]);
  const term = (kind, from, weight, value) => ({ kind, from, weight, value, product: weight * value });
  return [...x.map((value, j) => term("x", INPUT_NAMES[j], U[unit][j], value)), ...h.map((value, j) => term("h", UNIT_NAMES[j], W[unit][j], value)), term("b", "bias", b[unit][0], 1)];
}

/** One step from the state {h, c}. Everything that a hand calculation would write down. */
function lstmStep(p, x, before) {
  const both = (f) => [f(0), f(1)];
  const step = { x, before, terms: {}, a: {} };
  for (const letter of LETTERS) {
    step.terms[letter] = both((unit) => gateTerms(p, letter, x, before.h, unit));
    step.a[letter] = both((unit) => step.terms[letter][unit].reduce((sum, { product }) => sum + product, 0));
    step[letter] = step.a[letter].map(letter === "g" ? Math.tanh : logistic);
  }
  step.kept = both((unit) => step.f[unit] * before.c[unit]);
  step.written = both((unit) => step.i[unit] * step.g[unit]);
  step.c = both((unit) => step.kept[unit] + step.written[unit]);
  step.tanhC = step.c.map(Math.tanh);
  step.h = both((unit) => step.o[unit] * step.tanhC[unit]);
  return step;
}

/** All steps: x is a list of triples, start is {h, c}. */
function lstmForward(p, x, start) {
  let state = start;
  return x.map((x_t) => (state = lstmStep(p, x_t, state)));
}
