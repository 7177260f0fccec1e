// The drawings: the cell diagram with its delays, and the same unfolded, with the longest path or the order of computation.

const RISE = 46, DISC = 16, MARGIN = 30;
const SUPERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (text) => text.replace(/\d/g, (digit) => SUPERS[digit]);

/** A node's name: "h2.1" is h⁽²⁾′. */
function nameOf(name) {
  const [layer, stage] = name.slice(1).split(".");
  return name[0] + (layer && `⁽${raised(layer)}⁾`) + "′".repeat(Number(stage ?? 0));
}
const partOf = (name) => (name[0] === "x" ? "x" : name[0] === "o" ? "o" : "h");

/** Row of each node: the longest path without delay that leads to it. */
function rowsOf({ nodes, edges }) {
  const rows = {};
  for (const name of nodes) rows[name] = Math.max(name === "x" ? 0 : 1, ...edges.filter(([, b, d]) => b === name && !d).map(([a]) => rows[a] + 1));
  return rows;
}

const edgeKey = ([a, b, d]) => `${a} ${b} ${d}`;
const heightOf = (rows) => RISE * Math.max(...Object.values(rows)) + 2 * MARGIN + 16;

/** Is an edge without delay to be bent around nodes between its ends? */
const passes = (rows, [a, b, d]) => d === 0 && rows[b] - rows[a] > 1;

/** The cell: `marked` are the edges in thick. */
function cellPicture(diagram, marked) {
  const rows = rowsOf(diagram), height = heightOf(rows), thick = new Set(marked.map(edgeKey));
  const y = (name) => height - MARGIN - 16 - RISE * rows[name], x = diagram.edges.some((edge) => passes(rows, edge)) ? 62 : 34;
  const columns = delayColumns(diagram, rows), wide = x + 78 + 34 * Math.max(...Object.values(columns));
  const picture = shape("svg", { width: wide, height, role: "img", "aria-label": describeCell(diagram) });
  for (const edge of [...diagram.edges].sort((a, b) => thick.has(edgeKey(a)) - thick.has(edgeKey(b)))) {
    const [a, b, d] = edge, look = thick.has(edgeKey(edge)) ? "thick" : "";
    if (!d) picture.append(wire(rimToRim([x, y(a)], [x, y(b)], { r: DISC, bend: passes(rows, edge) ? 22 + 5 * (rows[b] - rows[a]) : 0 }), look));
    else picture.append(...aroundDelay(x, y(a), y(b), x + 44 + 34 * columns[edgeKey(edge)], d, look));
  }
  for (const name of diagram.nodes) picture.append(...graphNode(x, y(name), partOf(name), [nameOf(name)], { given: name === "x", r: DISC }));
  return picture;
}

function describeCell({ edges }) {
  const told = edges.map(([a, b, d]) => `${nameOf(a)} to ${nameOf(b)}${d ? `, ${d} ${d === 1 ? "step" : "steps"} later` : ""}`);
  return `Cell diagram: ${told.join("; ")}.`;
}

/** For each delayed edge the innermost column at the right that is free over its height. */
function delayColumns({ edges }, rows) {
  const columns = {}, spans = [];
  const reach = ([a, b]) => Math.abs(rows[a] - rows[b]);
  for (const edge of edges.filter(([, , d]) => d).sort((p, q) => reach(p) - reach(q) || p[2] - q[2])) {
    const low = Math.min(rows[edge[0]], rows[edge[1]]), high = Math.max(rows[edge[0]], rows[edge[1]]);
    const taken = new Set(spans.filter((other) => low <= other.high && other.low <= high).map(({ column }) => column));
    let column = 0;
    while (taken.has(column)) column++;
    spans.push({ low, high, column });
    columns[edgeKey(edge)] = column;
  }
  return columns;
}

/** A delayed edge: out to the right, through the delay (the black square), and back. */
function aroundDelay(x, from, to, far, delay, look) {
  const shift = from === to ? 7 : -12 * Math.sign(from - to), rim = Math.sqrt(DISC * DISC - shift * shift), tip = x + rim + 1; // a loop lies within the others
  const [a, b] = from === to ? [from - shift, to + shift] : [from + shift, to - shift];
  return [shape("g", { class: `wire ${look}` }, shape("path", { d: `M${x + rim} ${a}H${far}V${b}H${tip + 5}` }), shape("polygon", { points: `${tip},${b} ${tip + 7.3},${b - 3.3} ${tip + 7.3},${b + 3.3}` })),
    shape("rect", { x: far - 5, y: (a + b) / 2 - 5, width: 10, height: 10, class: "delay" }), label(far + 9, (a + b) / 2, String(delay), "small bold", "start")];
}

/** The unfolded graph. `path`: nodes of the longest path, or null; then `done` rounds are filled in. */
function unrolledPicture(width, diagram, T, { into, rounds, path, done }) {
  const rows = rowsOf(diagram), height = heightOf(rows), left = 58, bent = diagram.edges.some((edge) => passes(rows, edge));
  const pitch = Math.max(bent ? 74 : 58, Math.min(92, (width - left - 24) / Math.max(1, T - 0.2)));
  const first = left + (bent ? 40 : 14), wide = Math.max(width, first + pitch * (T - 1) + 24);
  const at = (node) => { const [name, t] = node.split("@"); return [first + pitch * (t - 1), height - MARGIN - 16 - RISE * rows[name]]; };
  const picture = shape("svg", { width: wide, height, role: "img", "aria-label": describeUnrolled(diagram, T, path, rounds, done) });
  for (const names of Object.values(grouped(diagram.nodes, rows))) picture.append(label(left - 32, at(`${names[0]}@1`)[1], names.map(nameOf).join(" "), "bold"));
  for (let t = 1; t <= T; t++) picture.append(label(first + pitch * (t - 1), height - 12, `t = ${t}`, "small muted"));
  const on = new Set((path || []).slice(1).map((node, i) => `${path[i]} ${node}`)), wires = [];
  for (const [b, list] of Object.entries(into)) for (const a of list) {
    const thick = on.has(`${a} ${b}`), still = !path && (rounds[a] > done || rounds[b] > done + 1);
    wires.push([thick, wire(rimToRim(at(a), at(b), { r: DISC, bend: bendOf(rows, a, b) }), thick ? "thick" : still ? "faint" : "")]);
  }
  picture.append(...wires.sort(([a], [b]) => a - b).map(([, drawn]) => drawn));
  for (const node of Object.keys(into)) picture.append(discOf(node, at(node), rounds[node], path, done));
  return picture;
}

function grouped(names, rows) {
  const found = {};
  for (const name of names) (found[rows[name]] ||= []).push(name);
  return found;
}

/** How far an edge swings out: around nodes of its own step, or of the steps that it leaps. */
function bendOf(rows, a, b) {
  const [from, t0] = a.split("@"), [to, t1] = b.split("@"), leap = t1 - t0, rise = rows[to] - rows[from];
  if (leap === 0) return rise > 1 ? 22 + 5 * rise : 0;
  return leap > 1 ? 20 + 5 * leap : 0;
}

/** A node: on the path with its place on it, or with the round in which it is computed. */
function discOf(node, [x, y], round, path, done) {
  const name = node.split("@")[0], place = path ? path.indexOf(node) : -1, given = name === "x";
  const now = !path && round === done && round > 0, later = !path && round > done;
  const text = path ? (place < 0 ? "" : String(place)) : later || given ? "" : String(round);
  const look = path ? (place < 0 ? "quiet" : "picked") : later ? "dashed later" : now ? "picked" : "";
  return shape("g", { "data-node": node, "data-round": round }, ...graphNode(x, y, partOf(name), [text], { given, look, r: DISC }));
}

function describeUnrolled(diagram, T, path, rounds, done) {
  const written = (node) => { const [name, t] = node.split("@"); return `${nameOf(name)} at step ${t}`; };
  const size = `${diagram.nodes.length} nodes in each of ${T} ${T === 1 ? "step" : "steps"}`;
  if (path) return `Unfolded, ${size}. Longest path: ${path.map(written).join(", ")}.`;
  const now = Object.keys(rounds).filter((node) => rounds[node] === done && done > 0);
  return `Unfolded, ${size}. ${done} rounds are done${now.length ? `; computed in the last: ${now.map(written).join(", ")}` : ""}.`;
}
