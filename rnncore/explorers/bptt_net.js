// The scalar net and its backpropagation through time. No drawing here.
// Index 0 of an array is t = 1; h₀ is the initial state.

const WEIGHTS = ["u", "w", "v", "b", "c", "h0"];

/** Forward: a_t = u x_t + w h_{t−1} + b, h_t = tanh(a_t), o_t = v h_t + c, L_t = ½ (o_t − y*_t)². */
function scalarForward(p, x, targets) {
  let before = p.h0;
  return x.map((xt, t) => {
    const a = p.u * xt + p.w * before + p.b;
    const h = Math.tanh(a);
    const o = p.v * h + p.c;
    const step = { x: xt, before, a, h, o, target: targets[t], loss: 0.5 * (o - targets[t]) ** 2 };
    before = h;
    return step;
  });
}

const sumOfLosses = (steps) => steps.reduce((sum, { loss }) => sum + loss, 0);

/** One step backward, from the frame that was pushed for it and the gradient carried back from the step after. */
function scalarStepBackward(p, frame, carried, dO = frame.o - frame.target) {
  const fromReadout = p.v * dO;
  const dh = fromReadout + carried;
  const da = (1 - frame.h * frame.h) * dh;
  return { dO, fromReadout, carried, dh, da, send: p.w * da, add: { u: da * frame.x, w: da * frame.before, v: dO * frame.h, b: da, c: dO } };
}

/** All steps backward, index 0 is t = 1. With `only` (an index) the loss is that step's alone. */
function scalarBackward(p, steps, only = null) {
  const back = [];
  let carried = 0;
  for (let t = steps.length - 1; t >= 0; t--) {
    back[t] = scalarStepBackward(p, steps[t], carried, only === null || only === t ? undefined : 0);
    carried = back[t].send;
  }
  return back;
}

/** The sums of the additions of steps `from` … T; h0 receives what the first step carries back. */
function gradientSums(back, from = 0) {
  const sums = Object.fromEntries(WEIGHTS.map((key) => [key, 0]));
  for (let t = back.length - 1; t >= from; t--) for (const key of Object.keys(back[t].add)) sums[key] += back[t].add[key];
  if (from === 0) sums.h0 = back[0].send;
  return sums;
}

/** Central differences of L with step 10⁻⁵. */
function numericalGradients(p, x, targets, eps = 1e-5) {
  const lossAt = (key, by) => sumOfLosses(scalarForward({ ...p, [key]: p[key] + by }, x, targets));
  return Object.fromEntries(WEIGHTS.map((key) => [key, (lossAt(key, eps) - lossAt(key, -eps)) / (2 * eps)]));
}

/** The factors of the paths from L_t back to the use of w (or u) at step k, for all k ≤ t. */
function pathTerms(p, steps, t, key) {
  const dLdh = p.v * (steps[t].o - steps[t].target);
  return steps.slice(0, t + 1).map((step, k) => {
    const reach = steps.slice(k + 1, t + 1).reduce((product, later) => product * p.w * (1 - later.h * later.h), 1);
    const immediate = (1 - step.h * step.h) * (key === "w" ? step.before : step.x);
    return { dLdh, reach, immediate, value: dLdh * reach * immediate };
  });
}

/** path[t][k] for all t and k; zero for k > t, where there is no path. */
function pathMatrix(p, steps, key) {
  return steps.map((_, t) => {
    const terms = pathTerms(p, steps, t, key);
    return steps.map((__, k) => (k <= t ? terms[k].value : 0));
  });
}
