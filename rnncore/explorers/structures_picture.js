// The drawing of a structure, unfolded: what is fed at the bottom, states in the middle, outputs and losses at the top.

const LEVEL = { L: 20, o: 72, ahead: 138, h: 166, back: 200, fed: 264, t: 300, side: 320 }, TALL = 334;
const PART = { x: "x", zero: "x", start: "y", own: "o", true: "y" };

/** `picked` is the output whose past is marked (0 for none). */
function structurePicture(width, plan, picked) {
  const n = plan.columns.length, beside = plan.symbols && !plan.pair, edge = plan.both ? 44 : 24;
  const pitch = Math.max(beside ? 108 : plan.both ? 88 : 72, Math.min(116, (width - 2 * edge) / (n + (plan.both ? 1.4 : 0.7))));
  const before = 0.85 * pitch, room = before + (n - 1) * pitch + (plan.both ? before : 0) + (beside ? 24 : 0);
  const first = edge + before + Math.max(0, (width - 2 * edge - room) / 2);
  const wide = Math.max(width, first + (n - 1) * pitch + (plan.both ? before : beside ? 24 : 0) + edge);
  const past = picked ? ancestors(plan.into, `o:${plan.outputs[picked - 1]}`) : null;
  const at = placesOf(plan, (c) => first + c * pitch, before);
  const faint = (...ids) => (past && !ids.every((id) => past.has(id)) ? "faint" : "");
  const picture = shape("svg", { width: wide, height: TALL, role: "img", "aria-label": describeStructure(plan) });
  plan.outputs.forEach((c, k) => picture.append(shape("rect", { class: `band ${picked === k + 1 ? "now" : ""}`, x: at.x(c) - pitch / 2 + 2, y: 2, width: pitch - 4, height: TALL - 4, rx: 8, "data-output": k + 1 })));
  picture.append(...wiresOf(plan, at, faint), ...nodesOf(plan, at, faint, picked));
  plan.columns.forEach(({ t, side }, c) => picture.append(label(at.x(c), LEVEL.t, side === "encoder" ? `s = ${t}` : `t = ${t}`, "small muted")));
  for (const side of plan.pair ? ["encoder", "decoder"] : []) {
    const own = plan.columns.map((column, c) => c).filter((c) => plan.columns[c].side === side);
    picture.append(label((at.x(own[0]) + at.x(own.at(-1))) / 2, LEVEL.side, side, "small bold"));
  }
  return picture;
}

function describeStructure(plan) {
  const steps = plan.columns.map((column) => `${column.side || "step"} ${column.t}: fed ${fedText(column)}${column.out ? ", with an output and a loss" : ""}`);
  return `Unfolded graph. ${steps.join("; ")}.`;
}

/** Where each node lies. */
function placesOf(plan, x, before) {
  const last = plan.columns.length - 1, at = { x };
  plan.columns.forEach(({ fed, out }, c) => {
    at[`h:${c}`] = plan.both ? [x(c) - 21, LEVEL.ahead] : [x(c), LEVEL.h];
    if (plan.both) at[`b:${c}`] = [x(c) + 21, LEVEL.back];
    if (out) at[`o:${c}`] = [x(c), LEVEL.o];
    fed.forEach((_, i) => { at[`fed:${c}:${i}`] = [fed.length > 1 ? x(c) + (i ? 26 : -19) : x(c), LEVEL.fed]; });
  });
  at.start = [at["h:0"][0] - before, at["h:0"][1]];
  if (plan.both) at.end = [at[`b:${last}`][0] + before, LEVEL.back];
  return at;
}

function wiresOf(plan, at, faint) {
  const wires = [];
  for (const [to, list] of Object.entries(plan.into)) for (const from of list) {
    const look = faint(from, to), [a, b] = [at[from], at[to]];
    if (from[0] === "o") { // an output that is fed: down between the columns
      const gap = b[0] - 22, middle = (a[0] + 19 + gap) / 2 + 4;
      wires.push(wire([[a[0] + 19, a[1]], [middle + 16, a[1] + 8], [middle - 4, b[1] - 8], [gap, b[1]]], `o back ${look}`));
    } else wires.push(wire(rimToRim(a, b, { from: from.startsWith("fed") ? 17 : 19 }), `${from.startsWith("fed") ? "x" : to[0] === "o" ? "o" : "h"} ${look}`));
  }
  for (const c of plan.outputs) wires.push(wire(rimToRim(at[`o:${c}`], [at.x(c), LEVEL.L], { to: 13 }), faint(`o:${c}`)));
  return wires;
}

/** The arrow over the letter of a state: to the right (1) for the chain that runs ahead, to the left (−1) for the one that runs back. */
const arrowOver = (x, y, way) => shape("path", { class: "over", d: `M${x - 3 - 5 * way} ${y - 10}h${10 * way}m${-3 * way} -2.5l${3 * way} 2.5l${-3 * way} 2.5` });

function nodesOf(plan, at, faint, picked) {
  const groups = [], put = (id, parts, attrs = {}) => groups.push(shape("g", { class: faint(id), "data-id": id, ...attrs }, ...parts));
  put("start", graphNode(...at.start, "h", ["0"], { look: "dashed" }));
  if (plan.both) put("end", graphNode(...at.end, "h", ["0"], { look: "dashed" }));
  plan.columns.forEach(({ side, t, fed, out }, c) => {
    fed.forEach(({ kind, name }, i) => put(`fed:${c}:${i}`, graphNode(...at[`fed:${c}:${i}`], PART[kind], name, { given: true, look: kind === "zero" ? "dashed" : "", wide: "start own true".includes(kind) ? 44 : 34 })));
    put(`h:${c}`, [...graphNode(...at[`h:${c}`], "h", [side === "encoder" ? "h̄" : "h", String(t)]), ...(plan.both ? [arrowOver(...at[`h:${c}`], 1)] : [])]);
    if (plan.both) put(`b:${c}`, [...graphNode(...at[`b:${c}`], "h", ["h", String(t)]), arrowOver(...at[`b:${c}`], -1)]);
    if (!out) return;
    const k = plan.outputs.indexOf(c) + 1;
    put(`o:${c}`, graphNode(...at[`o:${c}`], "o", ["o", String(t)], { look: k === picked ? "picked" : "" }), { "data-output": k });
    groups.push(shape("g", { class: faint(`o:${c}`), "data-loss": k }, ...graphNode(at.x(c), LEVEL.L, "g", ["L", String(t)], { r: 13 })));
  });
  return groups;
}
