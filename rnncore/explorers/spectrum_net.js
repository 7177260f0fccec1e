// A net of two units: its run, its Jacobian products, its gradient, and the spectrum of W. No drawing here.
// Index 0 of an array of steps is t = 1. A 2 × 2 matrix is [[a, b], [c, d]], a state is [h₁, h₂].

const PERIOD = 10, LARGEST = 5, NEAR = 5, BEYOND = 1e300;
const PHI = {
  tanh: { name: "tanh", value: Math.tanh, slope: (h) => 1 - h * h, flat: (h) => Math.abs(h) > 0.9 },
  relu: { name: "ReLU", value: (a) => Math.max(a, 0), slope: (h) => (h > 0 ? 1 : 0), flat: (h) => h === 0 },
  identity: { name: "linear", value: (a) => a, slope: () => 1, flat: () => false },
};

/** The input x_1 … x_T. */
function driveInput(kind, T) {
  const at = { impulse: (t) => (t === 0 ? 1 : 0), constant: () => 1, periodic: (t) => Math.cos((2 * Math.PI * t) / PERIOD) }[kind];
  return Array.from({ length: T }, (_, t) => at(t));
}

const times = (W, h) => [W[0][0] * h[0] + W[0][1] * h[1], W[1][0] * h[0] + W[1][1] * h[1]];
const product = (A, B) => A.map((row) => [row[0] * B[0][0] + row[1] * B[1][0], row[0] * B[0][1] + row[1] * B[1][1]]);
const norm = (matrix) => Math.hypot(...matrix.flat());
const scaled = (matrix, factor) => matrix.map((row) => row.map((value) => value * factor));

/** h_1 … h_T, each with its slopes φ′(a_t). */
function runNet(p) {
  const { value, slope } = PHI[p.phi];
  let before = p.h0;
  return p.x.map((x) => {
    const h = times(p.W, before).map((part, i) => value(p.U[i] * x + part + p.b[i]));
    const step = { before, h, slopes: h.map(slope) };
    before = h;
    return step;
  });
}

/**
 * W = m I + β J + S (J a quarter turn, S symmetric without trace, of size d) has the eigenvalues m ± √(d² − β²) and the
 * singular values |√(m² + β²) ± d|.
 */
function spectrumOf([[a, b], [c, d]]) {
  const m = (a + d) / 2, p = (a - d) / 2, beta = (c - b) / 2, q = (b + c) / 2;
  const inside = p * p + b * c, root = Math.sqrt(Math.abs(inside)), real = inside >= 0;
  const eigenvalues = real ? [[m + root, 0], [m - root, 0]] : [[m, root], [m, -root]];
  return { m, p, q, beta, root, real, eigenvalues, rho: Math.max(...eigenvalues.map(([re, im]) => Math.hypot(re, im))), sigma: Math.hypot(m, beta) + Math.hypot(p, q) };
}

/** log₁₀ of the spectral norm of ∂h_T/∂h_k for the lags T − k = 0 … T; −∞ where the product is zero. Scaled at each step: no overflow. */
function jacobianLogs(W, steps) {
  const logs = [0];
  let P = [[1, 0], [0, 1]], scale = 0;
  for (let t = steps.length - 1; t >= 0; t--) {
    P = product(P, W.map((row, i) => row.map((value) => steps[t].slopes[i] * value)));
    const size = spectrumOf(P).sigma;
    scale += Math.log10(size);
    logs.push(scale);
    if (size > 0) P = scaled(P, 1 / size);
  }
  return logs;
}

/** ∂L/∂W of L = ½ ‖h_T − h*‖² by BPTT: the sum, and the parts that the last NEAR steps and those before give. */
function gradientOfW(W, steps, target) {
  let dh = steps.at(-1).h.map((h, i) => h - target[i]);
  const loss = 0.5 * (dh[0] ** 2 + dh[1] ** 2);
  const near = [[0, 0], [0, 0]], far = [[0, 0], [0, 0]], back = transpose(W);
  for (let t = steps.length - 1; t >= 0; t--) {
    const { slopes, before } = steps[t], part = t >= steps.length - NEAR ? near : far;
    const delta = dh.map((value, i) => value * slopes[i]);
    for (const i of [0, 1]) for (const j of [0, 1]) part[i][j] += delta[i] * before[j];
    dh = times(back, delta);
  }
  return { loss, dW: near.map((row, i) => row.map((value, j) => value + far[i][j])), parts: [norm(near), norm(far)] };
}

/** The gradient shortened to length `most` if it is longer. */
function clipByNorm(gradient, most) {
  const size = norm(gradient);
  return size <= most ? gradient : scaled(gradient, most / size);
}

/** The loss after W has moved by −lr · gradient; BEYOND where it is larger than that, or no number any more. */
function lossAfter(p, gradient, lr) {
  const W = p.W.map((row, i) => row.map((value, j) => value - lr * gradient[i][j]));
  const end = runNet({ ...p, W }).at(-1).h, loss = 0.5 * end.reduce((sum, h, i) => sum + (h - p.target[i]) ** 2, 0);
  return { W, loss: loss < BEYOND ? loss : BEYOND };
}

/** Everything that the page shows, for the settings p. */
function computeSpectrum(p) {
  const steps = runNet(p), logs = jacobianLogs(p.W, steps), spectrum = spectrumOf(p.W), gradient = gradientOfW(p.W, steps, p.target);
  const clipped = clipByNorm(gradient.dW, p.threshold), flat = steps.map(({ h }) => h.map(PHI[p.phi].flat));
  return {
    ...spectrum, ...gradient, steps, logs, flat, norms: logs.map((log) => 10 ** log), bound: logs.map((_, lag) => spectrum.sigma ** lag),
    saturated: flat.flat().filter(Boolean).length / (2 * steps.length), size: norm(gradient.dW), clipped, clippedSize: norm(clipped),
    after: { unclipped: lossAfter(p, gradient.dW, p.lr), clipped: lossAfter(p, clipped, p.lr) },
  };
}

// ---- W from its eigenvalues and back ----

/**
 * A real Schur form: W = Q S Qᵀ, Q the rotation by `turn`, with the eigenvalues in S and one number for the rest, the
 * departure from normality s ≥ 0 (Henrici 1962: s² = ‖W‖_F² − Σ|λ|²); `way` = ±1 is the sense in which W turns.
 * Two real ones: S = [[λ₁, 0], [±s, λ₂]]. A pair re ± i im: S = [[re, ∓w], [±v, re]] with v − w = s, v w = im².
 */
function schurOf(W) {
  const { m, p, q, beta, root, real } = spectrumOf(W), way = beta < 0 ? -1 : 1;
  if (!real) {
    const s = 2 * Math.hypot(p, q);
    return { real, re: m, im: root, s, way, turn: s < 1e-12 ? 0 : (Math.atan2(q, p) - (way * Math.PI) / 2) / 2 };
  }
  // λ₂ is the one whose eigenvector lies nearer to the second axis, so that a triangular W is its own Schur form.
  const vectors = [m - root, m + root].map((value) => ({ value, v: eigenvector(W, value) })).sort((a, b) => Math.abs(b.v[1]) - Math.abs(a.v[1]));
  const [x, y] = vectors[0].v, sign = y < 0 ? -1 : 1;
  return { real, l1: 2 * m - vectors[0].value, l2: vectors[0].value, s: 2 * Math.abs(beta), way, turn: Math.atan2(-sign * x, sign * y) };
}

function eigenvector([[a, b], [c, d]], value) {
  const [first, second] = [[b, value - a], [value - d, c]];
  const v = Math.hypot(...first) > Math.hypot(...second) ? first : second, size = Math.hypot(...v);
  return size < 1e-12 ? [0, 1] : [v[0] / size, v[1] / size];
}

function fromSchur({ real, re, im, l1, l2, s, way, turn }) {
  const up = (s + Math.hypot(s, 2 * im)) / 2;
  const S = real ? [[l1, 0], [way * s, l2]] : [[re, (-way * im * im) / up], [way * up, re]];
  if (turn === 0) return S;
  const c = Math.cos(turn), n = Math.sin(turn);
  return product(product([[c, -n], [n, c]], S), [[c, n], [-n, c]]);
}
