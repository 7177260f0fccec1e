// The vectors of one look in the plane: keys, values as large as their weights, the query, and the context among the values.

/** How far the axes reach, so that every vector is inside. */
function reach(p, queries) {
  const all = [...p.keys, ...p.values, ...queries].flat();
  return Math.max(2, Math.ceil(Math.max(...all.map(Math.abs)) * 1.1));
}

/** The picture of the look `found` for the target word `word`. `tied`: keys and values are the same. */
function plane(size, p, found, word, tied, far) {
  const px = (v) => size / 2 + (v / far) * (size / 2 - 16), py = (v) => size / 2 - (v / far) * (size / 2 - 16);
  const weights = SOURCE.map((name, s) => `${name} ${fmt(found.weights[s])}`).join(", ");
  const picture = shape("svg", { width: size, height: size, role: "img", "aria-label": `The plane of the two coordinates: the query of ${word}, the keys, the values with circles as large as their weights (${weights}), and the context, their mean.` });
  picture.append(...axes(size, px, py, far));
  const [cx, cy] = [px(found.context[0]), py(found.context[1])];
  p.values.forEach((v, s) => picture.append(shape("line", { x1: cx, y1: cy, x2: px(v[0]), y2: py(v[1]), class: "pull", "stroke-width": (0.4 + 6 * found.weights[s]).toFixed(2) })));
  p.values.forEach((v, s) => picture.append(shape("circle", { cx: px(v[0]), cy: py(v[1]), r: (3 + 19 * Math.sqrt(found.weights[s])).toFixed(1), class: `value ${s < p.real ? "" : "padding"}` })));
  if (!tied) p.keys.forEach((k, s) => picture.append(shape("rect", { x: px(k[0]) - 4, y: py(k[1]) - 4, width: 8, height: 8, class: "key" }), placed(px(k[0]), py(k[1]) + 14, `k ${SOURCE[s]}`, size, "small muted")));
  picture.append(arrow(px(0), py(0), px(found.q[0]), py(found.q[1]), "o"), shape("path", { d: `M${cx} ${cy - 7}l7 7l-7 7l-7 -7z`, class: "context" }));
  p.values.forEach((v, s) => { // each name on the side away from the context
    const [dx, dy] = towards(px(v[0]) - cx, py(v[1]) - cy), far = 12 + 19 * Math.sqrt(found.weights[s]);
    picture.append(placed(px(v[0]) + dx * (far + 2.5 * SOURCE[s].length), py(v[1]) + dy * far, SOURCE[s], size, `halo ${s < p.real ? "h" : "muted"}`));
  });
  const heaviest = p.values[found.weights.indexOf(Math.max(...found.weights))], [dx, dy] = towards(cx - px(heaviest[0]), cy - py(heaviest[1]));
  const [ax, ay] = towards(px(found.q[0]) - px(0), py(found.q[1]) - py(0)), half = (k) => [px, py][k](found.q[k] / 2);
  picture.append(placed(cx + 16 * dx, cy + 16 * dy, "c", size, "symbol halo bold"), placed(half(0) + 12 * ay, half(1) - 12 * ax, "q", size, "symbol halo bold o"));
  return picture;
}

/** A label that stays inside the picture. */
function placed(x, y, text, size, cls) {
  const half = 3.6 * text.length;
  return label(Math.max(half, Math.min(size - half, x)), Math.max(8, Math.min(size - 8, y)), text, cls);
}

/** The direction of (x, y), of length one; to the right where there is none. */
function towards(x, y) {
  const length = Math.hypot(x, y);
  return length > 1 ? [x / length, y / length] : [1, 0];
}

function axes(size, px, py, far) {
  const step = far > 4 ? Math.ceil(far / 4) : 1, marks = [];
  for (let v = -Math.floor(far / step) * step; v <= far; v += step) {
    if (v === 0) continue;
    marks.push(shape("line", { x1: px(v), x2: px(v), y1: py(-far), y2: py(far), class: "rule" }), shape("line", { x1: px(-far), x2: px(far), y1: py(v), y2: py(v), class: "rule" }));
    marks.push(label(px(v), py(0) + 10, fmt(v, 0), "small muted"), label(px(0) - 7, py(v), fmt(v, 0), "small muted", "end"));
  }
  return [...marks, shape("line", { x1: px(-far), x2: px(far), y1: py(0), y2: py(0), class: "axis" }), shape("line", { x1: px(0), x2: px(0), y1: py(-far), y2: py(far), class: "axis" }),
    label(size - 2, py(0) - 9, "1st number", "small muted", "end"), label(px(0) + 6, 9, "2nd number", "small muted", "start")];
}
