// Attention over five items with two numbers each: scores, softmax, context. No drawing here. Arrays are [t][s], vectors are flat.

const SOURCE = ["the", "black", "cat", "sleeps", "[PAD]"], TARGET = ["il", "gatto", "nero", "dorme"];
const REAL = 4; // the fifth item is padding
const WEIGHTS_OF = { dot: [], scaled: [], general: ["W_a"], additive: ["W_q", "W_k", "v"] };
const MATRICES = ["W_a", "W_q", "W_k", "v"];

const flat = (columns) => columns.map(([value]) => value);
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const times = (matrix, vector) => matrix.map((row) => total(row.map((m, j) => m * vector[j])));

/** The score of one item for one query, with all that a hand calculation writes down: its key, the products [a, b] that are added. */
function scoreItem(kind, p, q, k) {
  const key = kind === "general" ? times(p.W_a, k) : kind === "additive" ? times(p.W_k, k) : k;
  const u = kind === "additive" ? times(p.W_q, q).map((value, a) => Math.tanh(value + key[a])) : null;
  const products = u ? u.map((value, a) => [p.v[a][0], value]) : q.map((value, i) => [value, key[i]]);
  const sum = total(products.map(([a, b]) => a * b));
  return { key, u, products, sum, score: kind === "scaled" ? sum / Math.sqrt(q.length) : sum };
}

/** One look at the memory: `p` holds kind, weights, keys, values, temperature and how many items are real; `added` is what the reader adds. */
function look(p, q, added) {
  const items = p.keys.map((k) => scoreItem(p.kind, p, q, k));
  const scores = items.map(({ score }, s) => score + added[s]);
  const cooled = scores.map((score) => score / p.temperature);
  const top = Math.max(...cooled.slice(0, p.real)); // the largest exponent is 0: nothing overflows
  const powers = cooled.map((value, s) => (s < p.real ? Math.exp(value - top) : 0));
  const sum = total(powers), weights = powers.map((value) => value / sum);
  const context = p.values[0].map((_, i) => total(weights.map((w, s) => w * p.values[s][i])));
  return { q, added, items, scores, cooled, top, powers, sum, weights, context };
}
