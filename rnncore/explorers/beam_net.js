// Beam search over a table of next words, with everything that happens on the way. No drawing here.

const WORDS = ["the", "nice", "dog", "house", "barks", "sleeps", "[END]"], BEFORE = ["[START]", ...WORDS.slice(0, -1)];
const END = WORDS.length - 1, LONGEST = 6;

/** Log-probabilities of the next word, a row for each word before: how often it follows, over the row's sum. */
function nextWords(counts) {
  return counts.map((row) => { const sum = row.reduce((a, b) => a + b); return row.map((count) => Math.log(count / sum)); });
}

const sentence = (ids) => ids.map((k) => WORDS[k]).join(" ");
const scoreOf = (logProb, length, alpha) => logProb / length ** alpha;
const same = (a, b) => a.length === b.length && a.every((k, i) => k === b[i]);
const startsWith = (ids, start) => start.every((k, i) => ids[i] === k);

/**
 * The search of rnncore.search.beam_search. Returns {steps, found, stopped}: at each step all candidates, the best first, each
 * {ids, logProb, own, parent, rank, kept, ended}; `own` is what the last word adds, `parent` the candidate that it continues.
 */
function beamSearch(table, width, alpha) {
  const steps = [], ended = [];
  let alive = [{ ids: [], logProb: 0 }], stopped = false;
  for (let length = 1; length <= LONGEST && alive.length && !stopped; length++) {
    const made = alive.flatMap((parent) => table[parent.ids.length ? parent.ids.at(-1) + 1 : 0].map((own, k) => ({ ids: [...parent.ids, k], logProb: parent.logProb + own, own, parent, ended: k === END })));
    made.sort((a, b) => b.logProb - a.logProb).forEach((one, rank) => Object.assign(one, { rank, kept: rank < width, score: scoreOf(one.logProb, length, alpha) }));
    steps.push(made);
    const kept = made.slice(0, width);
    ended.push(...kept.filter((one) => one.ended));
    alive = kept.filter((one) => !one.ended);
    const bound = alive.length ? alive[0].logProb / LONGEST ** alpha : 0; // none that goes on can get a better score
    stopped = alive.length > 0 && ended.filter(({ score }) => score >= bound).length >= width;
  }
  const byScore = (list) => [...list].sort((a, b) => b.score - a.score);
  return { steps, found: [...byScore(ended).slice(0, width), ...byScore(alive).slice(0, Math.max(0, width - ended.length))], stopped };
}

/** The best of all sentences that end within the longest, and how many there are. */
function bestOfAll(table, alpha, count = 5) {
  let best = [], number = 0;
  const visit = (ids, logProb) => {
    table[ids.length ? ids.at(-1) + 1 : 0].forEach((own, k) => {
      const next = { ids: [...ids, k], logProb: logProb + own };
      if (k !== END) return next.ids.length < LONGEST && visit(next.ids, next.logProb);
      number += 1;
      next.score = scoreOf(next.logProb, next.ids.length, alpha);
      if (best.length < count || next.score > best.at(-1).score) best = [...best, next].sort((a, b) => b.score - a.score).slice(0, count);
    });
  };
  visit([], 0);
  return { best, number };
}

/** What became of a candidate of step t (from 1), up to the step shown: {kind, …} with what the words need. */
function fateOf(search, one, t, shown) {
  if (!one.kept) return { kind: "cut", last: search.steps[t - 1].filter(({ kept }) => kept).at(-1) };
  if (one.ended) return { kind: "ended" };
  const next = search.steps[t];
  if (!next || t >= shown) return { kind: next ? "alive" : search.stopped ? "stopped" : "longest" };
  const children = next.filter(({ parent }) => parent === one);
  if (children.some(({ kept }) => kept)) return { kind: "continued" };
  return { kind: "died", child: children[0], last: next.filter(({ kept }) => kept).at(-1) };
}
