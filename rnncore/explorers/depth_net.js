// Cell diagrams and what can be told from them, exact: depths, order of computation, longest paths. No drawing here.
// An edge is [source, target, delay]; fractions are [numerator, denominator]; a node of the unfolded graph is "name@t".

const LONGEST_DELAY = 6, MOST_EDGES = 6;
const EXAMPLES = {
  vanilla: ["vanilla", {}], stacked: ["three layers", { layers: 3 }], transition: ["deep transition", { transition: 3 }],
  output: ["deep output", { output: 3 }], skip: ["skip of 5 steps", { skip: 5, T: 7 }], feedback: ["from the top down", { layers: 3, edges: [["h3", "h1", 2]] }],
};
const PLAIN = { layers: 1, transition: 1, output: 1, skip: 1, shortcuts: false, edges: [], T: 5 };

/** The family of rnncore.reference.diagrams.cell, from "x" to "o"; a skip of 1 is none. */
function familyEdges({ layers, transition, output, skip, shortcuts }) {
  const tail = [...Array.from({ length: output - 1 }, (_, j) => `o.${j + 1}`), "o"], edges = [];
  let below = "x";
  for (let layer = 1; layer <= layers; layer++) {
    const state = `h${layers > 1 ? layer : ""}`;
    const stages = [...Array.from({ length: transition - 1 }, (_, j) => `${state}.${j + 1}`), state];
    edges.push([below, stages[0], 0], ...stages.slice(1).map((name, j) => [stages[j], name, 0]), [state, stages[0], 1]);
    if (skip > 1) edges.push([state, stages[0], skip]);
    if (shortcuts && layer > 1) edges.push(["x", stages[0], 0]);
    if (shortcuts && layer < layers) edges.push([state, tail[0], 0]);
    below = state;
  }
  return [...edges, ...tail.map((name, j) => [j ? tail[j - 1] : below, name, 0])];
}

/** The nodes so that each comes after all that it needs of its own step; null if there is no such order. */
function orderOf(edges) {
  const order = [];
  let left = [...new Set(edges.flatMap(([a, b]) => [a, b]))];
  while (left.length) {
    const free = left.filter((name) => !edges.some(([a, b, d]) => b === name && d === 0 && left.includes(a)));
    if (!free.length) return null;
    order.push(...free);
    left = left.filter((name) => !free.includes(name));
  }
  return order;
}

/** Why a further edge does not fit, or "". */
function misfit(edges, [a, b, d]) {
  const names = new Set(edges.flatMap(([from, to]) => [from, to]));
  if (!names.has(a) || !names.has(b)) return "There is no such node.";
  if (b === "x") return "Nothing leads into an input.";
  if (edges.some(([from, to, delay]) => from === a && to === b && delay === d)) return "That edge is there already.";
  return orderOf([...edges, [a, b, d]]) ? "" : "Without a delay that closes a cycle: a value would need itself.";
}

/** The family, and of the further edges those that fit, one after the other. */
function diagramOf(settings) {
  const edges = familyEdges(settings), extra = [];
  for (const edge of settings.edges) {
    if (extra.length < MOST_EDGES && !misfit(edges, edge)) { edges.push(edge); extra.push(edge); }
  }
  return { edges, extra, nodes: orderOf(edges) };
}

// ---- cycles and paths of the diagram ----

const divisor = (a, b) => (b ? divisor(b, a % b) : a);
const reduced = ([n, d]) => { const g = divisor(Math.abs(n), d) || 1; return [n / g, d / g]; };
const showFraction = ([n, d]) => (d === 1 ? String(n) : `${n}/${d}`);
const delayOf = (way) => way.reduce((sum, [, , d]) => sum + d, 0);

/** Bellman and Ford: longest paths in place. Returns a node that still improves after as many rounds as nodes, or null. */
function relax({ nodes, edges }, best, came, weight) {
  let last = null;
  for (let round = 0; round < nodes.length; round++) {
    last = null;
    for (const edge of edges) {
      const [a, b] = edge, value = best[a] + weight(edge);
      if (a in best && !(value <= best[b])) [best[b], came[b], last] = [value, edge, b];
    }
    if (last === null) break;
  }
  return last;
}

function positiveCycle(diagram, weight) {
  const came = {};
  let name = relax(diagram, Object.fromEntries(diagram.nodes.map((n) => [n, 0])), came, weight);
  if (name === null) return null;
  diagram.nodes.forEach(() => { [name] = came[name]; }); // now on the cycle
  const cycle = [came[name]];
  while (cycle[0][0] !== name) cycle.unshift(came[cycle[0][0]]);
  return cycle;
}

/** The cycle with the largest length per delay (sign 1) or the smallest (−1): while there is a better one, take it. */
function extremeCycle(diagram, sign) {
  let best = null, better = positiveCycle(diagram, () => 1);
  while (better) {
    best = better;
    const length = best.length, delay = delayOf(best);
    better = positiveCycle(diagram, ([, , d]) => sign * (delay - length * d)); // 1 − d · length / delay, times delay
  }
  return best;
}

/** The three measures, and the cycles and the path that give them. */
function measures(diagram) {
  const deep = extremeCycle(diagram, 1), short = extremeCycle(diagram, -1);
  const depth = reduced([deep.length, delayOf(deep)]), best = { x: 0 }, came = {};
  relax(diagram, best, came, ([, , d]) => depth[1] - depth[0] * d);
  const path = [];
  for (let name = "o"; name in came; [name] = came[name]) path.unshift(came[name]);
  return { deep, short, path, d_r: depth, d_f: reduced([best.o, depth[1]]), s: reduced([delayOf(short), short.length]) };
}

// ---- the unfolded graph ----

function unroll(diagram, T) {
  const steps = Array.from({ length: T }, (_, t) => t + 1), into = {};
  for (const t of steps) for (const name of diagram.nodes) into[`${name}@${t}`] = [];
  for (const t of steps) for (const [a, b, d] of diagram.edges) if (t > d) into[`${b}@${t}`].push(`${a}@${t - d}`);
  return into; // its keys are in an order in which they can be computed
}

/** Longest path to each node from those of `start`; with weight −1, minus the shortest. */
function longestTo(into, start, weight = 1) {
  const best = { ...start }, came = {};
  for (const [node, before] of Object.entries(into)) {
    for (const a of before) if (a in best && !(best[a] + weight <= best[node])) [best[node], came[node]] = [best[a] + weight, a];
  }
  return { best, came };
}

/** In which round each node can be computed. */
const roundsOf = (into) => longestTo(into, Object.fromEntries(Object.keys(into).map((node) => [node, node.startsWith("x@") ? 0 : 1]))).best;

/** The nodes of a longest path from an input to an output, or [] where none is that short. */
function longestPath(into) {
  const { best, came } = longestTo(into, Object.fromEntries(Object.keys(into).filter((node) => node.startsWith("x@")).map((node) => [node, 0])));
  const ends = Object.keys(best).filter((node) => node.startsWith("o@"));
  const path = [ends.reduce((a, b) => (best[b] > best[a] ? b : a))];
  while (path[0] in came) path.unshift(came[path[0]]);
  return path;
}

/** Length of the longest path over n steps (or of the shortest), from any node to any; null if there is none. */
function overSteps(diagram, n, shortest = false) {
  const into = unroll(diagram, n + 1);
  const { best } = longestTo(into, Object.fromEntries(diagram.nodes.map((name) => [`${name}@1`, 0])), shortest ? -1 : 1);
  const found = Object.keys(best).filter((node) => node.endsWith(`@${n + 1}`)).map((node) => best[node]);
  return found.length ? Math.abs(Math.max(...found)) : null;
}
