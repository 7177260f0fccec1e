// The tree of a beam search: a column of candidates for each step, on a phone a row.

const CUT_SHOWN = 3; // the best of those that are cut

/** The candidates of a step that are drawn. */
const drawn = (candidates) => candidates.filter(({ kept, rank }, _, all) => kept || rank < all.filter((one) => one.kept).length + CUT_SHOWN);

/** Places of the nodes: steps go to the right, or down where there is no room. */
function treePlaces(width, slots) {
  const upright = width < 640, node = upright ? { w: Math.min(62, width / slots - 3), h: 34 } : { w: 74, h: 34 };
  const along = upright ? 70 : (width - 96) / LONGEST, across = upright ? width / slots : 42;
  const place = (step, slot) => (upright ? { x: across * (slot + 0.5), y: step === 0 ? 14 : 14 + along * step } : { x: step === 0 ? 32 : 58 + along * (step - 0.42), y: 40 + across * slot });
  return { upright, node, place, height: upright ? 14 + along * LONGEST + 24 : 40 + across * (slots - 1) + 24 };
}

/**
 * The tree up to the step `shown`. `marked` are the words of the sentence whose way is drawn bold; `onPick(step, candidate)`.
 */
function beamTree(width, search, shown, marked, picked, onPick) {
  const slots = Math.max(...search.steps.map((made) => drawn(made).length)), { upright, node: box, place, height } = treePlaces(width, slots);
  const text = search.steps.slice(0, shown).map((made, i) => `step ${i + 1}: kept ${made.filter(({ kept }) => kept).map(({ ids, logProb }) => `${sentence(ids)} ${fmt(logProb)}`).join(", ")}`).join("; ");
  const picture = shape("svg", { width, height, role: "img", "aria-label": `The tree of the search, ${text || "before its first step"}` });
  const at = new Map(), root = upright ? place(0, (slots - 1) / 2) : place(0, 0), edges = shape("g"), nodes = shape("g");
  search.steps.slice(0, shown).forEach((made, i) => drawn(made).forEach((one, slot) => {
    at.set(one, place(i + 1, slot));
    edges.append(edge(at.get(one.parent) ?? root, at.get(one), box, upright, one, startsWith(marked, one.ids)));
    nodes.append(treeNode(at.get(one), box, one, isDead(search, one, i + 1, shown), { marked: startsWith(marked, one.ids), picked: one === picked }, () => onPick(i + 1, one)));
  }));
  if (!upright) for (let t = 1; t <= LONGEST; t++) picture.append(label(place(t, 0).x, 9, `step ${t}`, t <= shown ? "small bold" : "small muted"));
  picture.append(edges, nodes, shape("circle", { cx: root.x, cy: root.y, r: 6, class: "root" }), label(root.x + (upright ? 12 : 0), root.y + (upright ? 0 : -16), "[START]", "small", upright ? "start" : "middle"));
  if (search.steps.length <= shown && shown < LONGEST) picture.append(upright ? label(width / 2, place(shown + 1, 0).y, search.stopped ? "stopped: none can become better" : "all have ended", "small muted") : label(place(shown + 1, 0).x, place(1, 0).y, search.stopped ? "stopped" : "all ended", "small muted"));
  return picture;
}

const isDead = (search, one, t, shown) => ["cut", "died"].includes(fateOf(search, one, t, shown).kind);

function edge(from, to, box, upright, one, marked) {
  const d = upright ? `M${from.x} ${from.y + (one.ids.length > 1 ? box.h / 2 : 6)}C${from.x} ${from.y + 40} ${to.x} ${to.y - 38} ${to.x} ${to.y - box.h / 2}`
    : `M${from.x + (one.ids.length > 1 ? box.w / 2 : 6)} ${from.y}C${(from.x + to.x) / 2} ${from.y} ${(from.x + to.x) / 2} ${to.y} ${to.x - box.w / 2} ${to.y}`;
  return shape("path", { d, class: `way ${one.kept ? "" : "cut"} ${marked ? "marked" : ""}` });
}

/** A candidate: its last word and the log-probability of the whole; dashed where cut, double-framed where ended, ✗ where it died. */
function treeNode({ x, y }, { w, h }, one, dead, { marked, picked }, onclick) {
  const group = shape("g", { class: `node ${one.kept ? (one.ended ? "ended" : "kept") : "cut"} ${marked ? "marked" : ""} ${picked ? "picked" : ""}`, onclick });
  group.append(shape("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: 6, class: "box" }));
  if (one.ended && one.kept) group.append(shape("rect", { x: x - w / 2 + 2.5, y: y - h / 2 + 2.5, width: w - 5, height: h - 5, rx: 4, class: "inner" }));
  const narrow = w < 50, digits = narrow ? 2 - dead - (one.logProb < -9.95) : 2; // what a narrow box has room for
  group.append(label(x, y - 7, WORDS[one.ids.at(-1)], `word ${narrow ? "small" : ""}`), label(x, y + 8, `${fmt(one.logProb, digits)}${dead ? (narrow ? "✗" : " ✗") : ""}`, "small"));
  if (narrow) for (const text of group.querySelectorAll("text")) text.style.fontSize = `${Math.max(9, Math.min(11, w / 3.6)).toFixed(1)}px`;
  return group;
}
