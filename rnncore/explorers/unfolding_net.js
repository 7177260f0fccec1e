// The scalar net in the three design patterns, what it counts, and what depends on what. No drawing here.
// Index 0 of an array is t = 1; h₀ is the initial state.

const SHARED = ["u", "w", "b", "v", "c"];
const PATTERNS = [["hidden", "output each step, hidden recurrence"], ["output", "output each step, output recurrence"], ["last", "one output at the end"]];
const LONGEST = 8;

/** Forward: a_t = u x_t + w r_{t−1} + b, h_t = tanh(a_t), o_t = v h_t + c. What recurs, r, is h or, by pattern, the output. */
function unfoldedForward(p, pattern, x) {
  let before = pattern === "output" ? 0 : p.h0;
  return x.map((xt, t) => {
    const a = p.u * xt + p.w * before + p.b;
    const h = Math.tanh(a);
    const o = pattern === "last" && t < x.length - 1 ? null : p.v * h + p.c;
    const step = { x: xt, before, a, h, o };
    before = pattern === "output" ? o : h;
    return step;
  });
}

/** How often each weight is used in T steps. */
function countUses(pattern, T) {
  const outputs = pattern === "last" ? 1 : T;
  return { u: T, w: T, b: T, v: outputs, c: outputs };
}

const total = (counts) => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** Is the node of this part ("x", "h", "o") at step k among what h_t and o_t are computed from, or one of the two? For t = 0 all are. */
function onTheWay(pattern, part, k, t) {
  if (!t) return true;
  return part === "o" && pattern !== "output" ? k === t : k <= t;
}

/** T inputs: those given, then those remembered from before they were cut off. */
function resized(x, memory, T) {
  return Array.from({ length: T }, (_, t) => x[t] ?? memory[t]);
}

/** Input sequences to choose from. */
const SEQUENCES = {
  pulse: ["one pulse", (t) => (t === 0 ? 1 : 0)],
  ones: ["all ones", () => 1],
  turns: ["in turns 1, −1", (t) => (t % 2 ? -1 : 1)],
};
const sequence = (kind, T) => Array.from({ length: T }, (_, t) => SEQUENCES[kind][1](t));
const kindOf = (x) => Object.keys(SEQUENCES).find((kind) => x.length > 1 && x.every((value, t) => value === SEQUENCES[kind][1](t))) || "own";
