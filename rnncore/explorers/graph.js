// Drawn graphs, shared by the explorers of structures and of depth: nodes, wires, and which nodes lead to a node.

/** A node: a square if given, a circle if computed. `name` is [symbol, index] or [text]; `part` gives the colour, `look` dashed, picked, …. */
function graphNode(x, y, part, name, { given = false, look = "", r = 19, wide = 2 * r - 4 } = {}) {
  const cls = `unit ${part} ${look}`, side = 2 * r - 4;
  const form = given ? shape("rect", { x: x - wide / 2, y: y - side / 2, width: wide, height: side, rx: 6, class: cls }) : shape("circle", { cx: x, cy: y, r, class: cls });
  const text = name.length > 1 ? symbolText(x, y - 1, ...name) : label(x, y, name[0], name[0].length > 2 ? "tiny bold" : "bold");
  return [form, text];
}

/** A wire with an arrow head, along a cubic curve of four points. */
function wire([p0, p1, p2, p3], cls = "") {
  const heading = Math.atan2(p3[1] - p2[1], p3[0] - p2[0]);
  const wing = (turn) => `${(p3[0] - 8 * Math.cos(heading + turn)).toFixed(1)},${(p3[1] - 8 * Math.sin(heading + turn)).toFixed(1)}`;
  const end = [p3[0] - 5 * Math.cos(heading), p3[1] - 5 * Math.sin(heading)];
  const path = `M${[p0, p1, p2, end].map((point, i) => `${i === 1 ? "C" : ""}${point.map((v) => v.toFixed(1)).join(" ")}`).join(" ")}`;
  return shape("g", { class: `wire ${cls}` }, shape("path", { d: path }), shape("polygon", { points: `${p3[0].toFixed(1)},${p3[1].toFixed(1)} ${wing(0.42)} ${wing(-0.42)}` }));
}

/** The straight wire between two round nodes, from rim to rim; with `bend` it swings out to its left by so many pixels. */
function rimToRim([x0, y0], [x1, y1], { r = 19, from = r, to = r, bend = 0 } = {}) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1, ux = (x1 - x0) / length, uy = (y1 - y0) / length;
  const inner = [[x0 + 0.35 * (x1 - x0) + bend * uy, y0 + 0.35 * (y1 - y0) - bend * ux], [x0 + 0.65 * (x1 - x0) + bend * uy, y0 + 0.65 * (y1 - y0) - bend * ux]];
  const rim = ([x, y], [tx, ty], gap) => { const far = Math.hypot(tx - x, ty - y) || 1; return [x + (gap * (tx - x)) / far, y + (gap * (ty - y)) / far]; };
  return [rim([x0, y0], inner[0], from), inner[0], inner[1], rim([x1, y1], inner[1], to + 1)];
}

/** Everything that leads to a node, with itself. `into` maps a node to those before it. */
function ancestors(into, node) {
  const found = new Set([node]);
  for (const id of found) for (const before of into[id] || []) found.add(before); // a Set hands out what is added on the way
  return found;
}
