// The Hopfield network itself: Hebb's rule, energy, and one recall trial. No drawing here.

/** Hebb's rule, N W = Σ ξ ξᵀ with a zero diagonal, row by row. N W holds whole numbers, so a field of zero is exactly zero. */
function hebbWeights(patterns, n) {
  const weights = new Float64Array(n * n);
  for (const pattern of patterns) {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) weights[i * n + j] += pattern[i] * pattern[j];
  }
  for (let i = 0; i < n; i++) weights[i * n + i] = 0;
  return weights;
}

/** The field of unit i: Σ_j W_ij s_j. */
function fieldOf(weights, state, i) {
  let sum = 0;
  for (let j = 0; j < state.length; j++) sum += weights[i * state.length + j] * state[j];
  return sum / state.length;
}

/** E = −½ sᵀ W s. */
function energyOf(weights, state) {
  return -0.5 * state.reduce((sum, s, i) => sum + s * fieldOf(weights, state, i), 0);
}

/** m = ξ · s / N: 1 if equal, −1 if every unit is opposite, near 0 if unrelated. */
function overlapOf(pattern, state) {
  return pattern.reduce((sum, xi, i) => sum + xi * state[i], 0) / state.length;
}

/** Patterns of independent ±1, the same for the same seed. */
function randomPatterns(count, n, seed) {
  const random = mulberry32(seed + 1000);
  return Array.from({ length: count }, () => Array.from({ length: n }, () => (random() < 0.5 ? -1 : 1)));
}

/** The state with `fraction` of its units turned over, chosen without repetition. */
function withNoise(state, fraction, random) {
  const flipped = new Set(permutation(state.length, random).slice(0, Math.round(fraction * state.length)));
  return state.map((s, i) => (flipped.has(i) ? -s : s));
}

/** A recall from a start state. Each sweep visits all units once, in an order from the seeded generator. */
class Trial {
  constructor(start, weights, seed) {
    this.start = [...start];
    this.state = [...start];
    this.weights = weights;
    this.random = mulberry32(seed);
    this.order = permutation(start.length, this.random);
    this.position = 0;
    this.flips = 0;
    this.energy = [energyOf(weights, start)];
  }

  get updates() { return this.energy.length - 1; }

  get next() { return this.order[this.position]; }

  /** Every unit agrees with the sign of its field: a fixed point. Asynchronous updates always reach one, as the energy cannot rise. */
  get isFixed() {
    if (this.fixedAt !== this.flips) {
      this.fixedAt = this.flips;
      this.fixedValue = this.state.every((s, i) => s * fieldOf(this.weights, this.state, i) >= 0);
    }
    return this.fixedValue;
  }

  /** One unit takes the sign of its field; a field of zero leaves it as it is. */
  update() {
    const i = this.next;
    const field = fieldOf(this.weights, this.state, i);
    const value = field === 0 ? this.state[i] : Math.sign(field);
    const moved = value !== this.state[i];
    this.energy.push(moved ? this.energy.at(-1) + 2 * this.state[i] * field : this.energy.at(-1));
    this.state[i] = value;
    this.flips += moved;
    this.advance();
  }

  advance() {
    this.position += 1;
    if (this.position < this.order.length) return;
    this.order = permutation(this.state.length, this.random);
    this.position = 0;
  }
}
