// The vectors of one look in the plane: keys, values as large as their weights, the query, and the context among the values.

/** How far the axes reach, so that every vector is inside. */
function reach(p, queries) {
  const all = [...p.keys, ...p.values, ...queries].flat();
  return Math.max(2, Math.ceil(Math.max(...all.map(Math.abs)) * 1.1));
}

/** The picture of the look `found` for the target word `word`. `tied`: keys and values are the same. */
function plane(size, p, found, word, tied, far) {
  const px = (v) => size / 2 + (v / far) * (size / 2 - 16), py = (v) => size / 2 - (v / far) * (size / 2 - 16), at = (v) => [px(v[0]), py(v[1])];
  const weights = SOURCE.map((name, s) => `${name} ${fmt(found.weights[s])}`).join(", "), radius = found.weights.map((w) => 3 + 19 * Math.sqrt(w));
  const picture = shape("svg", { width: size, height: size, role: "img", "aria-label": `The plane of the two coordinates: the query of ${word}, the keys, the values with circles as large as their weights (${weights}), and the context, their mean.` });
  const [cx, cy] = at(found.context), origin = at([0, 0]), tip = at(found.q);
  const grid = axes(size, px, py, far), put = labels(size, grid.taken);
  picture.append(...grid.drawn);
  p.values.map(at).forEach(([x, y], s) => {
    picture.append(shape("line", { x1: cx, y1: cy, x2: x, y2: y, class: "pull", "stroke-width": (0.4 + 6 * found.weights[s]).toFixed(2) }));
    put.line([[cx, cy], [x, y]], 2 + 20 * found.weights[s]);
  });
  p.values.map(at).forEach(([x, y], s) => {
    picture.append(shape("circle", { cx: x, cy: y, r: radius[s].toFixed(1), class: `value ${s < p.real ? "" : "padding"}` }));
    put.disc(x, y, radius[s]);
  });
  for (const [x, y] of tied ? [] : p.keys.map(at)) {
    picture.append(shape("rect", { x: x - 4, y: y - 4, width: 8, height: 8, class: "key" }));
    put.disc(x, y, 5);
  }
  picture.append(arrow(...origin, ...tip, "o"), shape("path", { d: `M${cx} ${cy - 7}l7 7l-7 7l-7 -7z`, class: "context" }));
  put.line([origin, tip], 90);
  put.disc(cx, cy, 7);
  const heaviest = p.values[found.weights.indexOf(Math.max(...found.weights))];
  picture.append(put.around([cx, cy], 7, towards(cx - px(heaviest[0]), cy - py(heaviest[1])), "c", "symbol halo bold"), put.beside(origin, tip, "q", "symbol halo bold o"));
  const order = SOURCE.map((_, s) => s).sort((a, b) => found.weights[b] - found.weights[a]), away = ([x, y]) => towards(x - cx, y - cy);
  for (const s of order) picture.append(put.around(at(p.values[s]), radius[s], away(at(p.values[s])), SOURCE[s], `halo ${s < p.real ? "h" : "muted"}`));
  if (!tied) p.keys.forEach((k, s) => picture.append(put.around(at(k), 5, [0, 1], `k ${SOURCE[s]}`, "small muted halo")));
  return picture;
}

// ---- where labels are put: over no other label, and over marks and lines only where there is no other place ----

/** A label's box {x, y, w, h} about its middle; letters are taken to be wide. */
const boxOf = (x, y, text, cls = "") => ({ x, y, w: (cls.includes("small") ? 6.1 : cls.includes("symbol") ? 9 : 7.2) * text.length + 2, h: cls.includes("small") ? 13 : 15 });
const overlap = (a, b) => Math.max(0, (a.w + b.w) / 2 - Math.abs(a.x - b.x)) * Math.max(0, (a.h + b.h) / 2 - Math.abs(a.y - b.y));
const meetsDisc = (box, { x, y, r }) => Math.hypot(Math.max(0, Math.abs(x - box.x) - box.w / 2), Math.max(0, Math.abs(y - box.y) - box.h / 2)) < r;

/** Does the straight line from a to b run through the box? It is cut at the four sides, one after the other. */
function meetsLine(box, [a, b]) {
  let from = 0, to = 1;
  for (const [start, end, middle, side] of [[a[0], b[0], box.x, box.w], [a[1], b[1], box.y, box.h]]) {
    const cuts = [middle - side / 2, middle + side / 2].map((edge) => (edge - start) / (end - start || 1e-9)).sort((p, q) => p - q);
    [from, to] = [Math.max(from, cuts[0]), Math.min(to, cuts[1])];
  }
  return from < to;
}

/** Puts labels one after the other, each where it costs least. `taken`: boxes of labels that are there already. */
function labels(size, taken) {
  const lines = [], discs = [];
  const cost = (box) => {
    const outside = Math.abs(box.x - size / 2) + box.w / 2 > size / 2 || Math.abs(box.y - size / 2) + box.h / 2 > size / 2;
    const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0), hidden = discs.filter((disc) => meetsDisc(box, disc)).length;
    return (outside ? 1e5 : 0) + (covered ? 1e3 + 10 * covered : 0) + 60 * hidden + lines.reduce((sum, [line, price]) => sum + (meetsLine(box, line) ? price : 0), 0);
  };
  const cheapest = (tries, text, cls) => {
    const boxes = tries.map(([x, y, extra]) => { const box = boxOf(x, y, text, cls); return { box, price: cost(box) + extra }; });
    const { box } = boxes.reduce((a, b) => (b.price < a.price ? b : a));
    taken.push(box);
    return label(box.x.toFixed(1), box.y.toFixed(1), text, cls);
  };
  return {
    line: (ends, price) => lines.push([ends, price]),
    disc: (x, y, r) => discs.push({ x, y, r }),
    /** Around a mark of radius r, rather in the direction `wish`, rather close. */
    around([x, y], r, wish, text, cls) {
      const { w, h } = boxOf(0, 0, text, cls), tries = [];
      for (const gap of [2, 6, 11, 17, 25]) for (let k = 0; k < 24; k++) {
        const [dx, dy] = [Math.cos((k * Math.PI) / 12), Math.sin((k * Math.PI) / 12)];
        tries.push([x + dx * (r + gap + w / 2), y + dy * (r + gap + h / 2), gap + 8 * (1 - dx * wish[0] - dy * wish[1])]);
      }
      return cheapest(tries, text, cls);
    },
    /** Beside an arrow, rather at its middle. */
    beside(from, to, text, cls) {
      const [ux, uy] = towards(to[0] - from[0], to[1] - from[1]), tries = [];
      for (const part of [0.5, 0.35, 0.65, 0.2, 0.8, 0.95]) for (const gap of [13, -13, 18, -18]) {
        tries.push([from[0] + part * (to[0] - from[0]) + gap * uy, from[1] + part * (to[1] - from[1]) - gap * ux, 10 * Math.abs(part - 0.5) + Math.abs(gap) - (gap > 0 ? 1 : 0)]);
      }
      return cheapest(tries, text, cls);
    },
  };
}

/** The direction of (x, y), of length one; to the right where there is none. */
function towards(x, y) {
  const length = Math.hypot(x, y);
  return length > 1 ? [x / length, y / length] : [1, 0];
}

/** The grid with its numbers, and the names of the axes outside it: {drawn, taken}, the boxes of these labels. */
function axes(size, px, py, far) {
  const step = far > 4 ? Math.ceil(far / 4) : 1, drawn = [], taken = [];
  const write = (x, y, text, anchor = "middle") => {
    const box = boxOf(x, y, text, "small");
    taken.push({ ...box, x: x + (anchor === "end" ? -box.w / 2 : anchor === "start" ? box.w / 2 : 0) });
    return label(x, y, text, "small muted", anchor);
  };
  for (let v = -Math.floor(far / step) * step; v <= far; v += step) {
    if (v === 0) continue;
    drawn.push(shape("line", { x1: px(v), x2: px(v), y1: py(-far), y2: py(far), class: "rule" }), shape("line", { x1: px(-far), x2: px(far), y1: py(v), y2: py(v), class: "rule" }));
    drawn.push(write(px(v), py(0) + 10, fmt(v, 0)), write(px(0) - 7, py(v), fmt(v, 0), "end"));
  }
  drawn.push(shape("line", { x1: px(-far), x2: px(far), y1: py(0), y2: py(0), class: "axis" }), shape("line", { x1: px(0), x2: px(0), y1: py(-far), y2: py(far), class: "axis" }));
  drawn.push(write(size - 16, size - 7, "1st number →", "end"), write(px(0) - 4, 7, "↑ 2nd number", "start"));
  return { drawn, taken };
}
