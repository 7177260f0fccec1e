// The drawing of the net, unfolded over the four steps. Each vector is a column of cells, as in the equations.

const ROW = 21;

/** Where everything is, for a given width. */
function helloLayout(width) {
  const left = 44, pitch = (width - left) / 4;
  const cell = Math.min(62, pitch - 22), bar = Math.min(150, pitch - 8);
  const y = { loss: 11, target: 28, y: 42 };
  y.o = y.y + 4 * ROW + 24;
  y.h = y.o + 4 * ROW + 34;
  y.x = y.h + 3 * ROW + 34;
  y.letter = y.x + 4 * ROW + 15;
  return { width, left, pitch, cell, bar, y, height: y.letter + 16, middle: (t) => left + pitch * (t + 0.5) };
}

/** The picture. `steps` from netForward, `current` is the number of steps that are shown, `onPick(t)` for clicks. */
function helloPicture(width, steps, current, onPick) {
  const at = helloLayout(width);
  const picture = shape("svg", { width, height: at.height, role: "img", "aria-label": `The net unfolded over four characters; ${current} of 4 steps are shown. The numbers stand in the tables below.` });
  const t = current - 1;
  picture.append(shape("rect", { x: at.middle(t) - at.pitch / 2 + 1, y: 0, width: at.pitch - 2, height: at.height, rx: 8, class: "now" }), ...rowNames(at));
  steps.forEach((step, s) => picture.append(stepPicture(at, step, s, current, onPick)));
  return picture;
}

function rowNames(at) {
  const letters = (y) => VOCABULARY.map((letter, k) => label(at.middle(0) - at.cell / 2 - 9, y + ROW * (k + 0.5), letter, "small muted"));
  const h = at.y.h + 1.5 * ROW;
  return [
    symbolText(12, at.y.y + 2 * ROW, "ŷ", "t", "o"), symbolText(12, at.y.o + 2 * ROW, "o", "t", "o"), symbolText(12, at.y.x + 2 * ROW, "x", "t", "x"),
    symbolText(12, h - 1.3 * ROW, "h", "t", "h"), label(8, h, "0", "small"),
    arrow(16, h, at.middle(0) - at.cell / 2 - 1, h, "h"), symbolText(10, h + 15, "h", "0", "small h"), ...letters(at.y.o), ...letters(at.y.x),
  ];
}

function stepPicture(at, step, t, current, onPick) {
  const shown = t < current;
  const group = shape("g", { class: `step ${shown ? "" : "faint"}`, onclick: () => onPick(t + 1) });
  const x = at.middle(t);
  group.append(shape("rect", { x: x - at.pitch / 2, y: 0, width: at.pitch, height: at.height, fill: "transparent" }));
  group.append(...stepArrows(at, t, current), label(x, at.y.letter, `“${VOCABULARY[INPUTS[t]]}”`, "bold x"));
  group.append(...cells(at, x, at.y.x, VOCABULARY.map((_, k) => (k === INPUTS[t] ? 1 : 0)), "x", 1, 0));
  if (!shown) return group.append(...emptyCells(at, x)), group;
  group.append(...cells(at, x, at.y.h, step.h, "h", 1, 2), ...cells(at, x, at.y.o, step.o, "o", 4, 2), ...confidences(at, x, step.y, TARGETS[t]));
  const loss = symbolText(x, at.y.loss, "L", String(t + 1), "");
  loss.append(shape("tspan", { dy: -4, class: at.pitch < 64 ? "upright tight" : "upright" }, ` = ${fmt(step.loss, 2)}`));
  group.append(loss, label(x, at.y.target, `target ${VOCABULARY[TARGETS[t]]}`, "small"));
  return group;
}

function stepArrows(at, t, current) {
  const x = at.middle(t), { y } = at;
  const named = (text, dx, yy, cls) => label(x + dx, yy, text, `symbol ${cls}`);
  const parts = [
    arrow(x, y.x - 2, x, y.h + 3 * ROW + 1, "x"), named("U", 13, y.x - 17, "x"),
    arrow(x, y.h - 2, x, y.o + 4 * ROW + 1, "o"), named("V", 13, y.h - 17, "o"),
    arrow(x, y.o - 2, x, y.y + 4 * ROW + 3, "o"),
  ];
  if (t === 3) return parts;
  const from = x + at.cell / 2 + 1, to = x + at.pitch - at.cell / 2 - 1, middle = y.h + 1.5 * ROW;
  const across = shape("g", { class: t + 1 === current ? "faint" : "" }, arrow(from, middle, to, middle, "h"), label((from + to) / 2, middle - 12, "W", "symbol h"));
  return [...parts, across];
}

/** One vector as a column of cells, tinted by its size in the colour of its layer. */
function cells(at, x, y, values, layer, full, digits) {
  return values.flatMap((value, k) => {
    const box = { x: x - at.cell / 2, y: y + ROW * k, width: at.cell, height: ROW };
    const strength = Math.min(Math.abs(value) / full, 1) * 0.5;
    return [shape("rect", { ...box, class: "cell" }), shape("rect", { ...box, fill: `rgba(var(--${layer}), ${strength.toFixed(3)})` }),
      label(x, y + ROW * (k + 0.5), fmt(value, digits), "")];
  });
}

function emptyCells(at, x) {
  const block = (y, n) => shape("rect", { x: x - at.cell / 2, y, width: at.cell, height: n * ROW, class: "cell" });
  return [block(at.y.h, 3), block(at.y.o, 4), shape("rect", { x: x - at.bar / 2, y: at.y.y, width: at.bar, height: 4 * ROW, class: "cell" })];
}

/** The four confidences as bars; the target's is framed and marked. */
function confidences(at, x, y, target) {
  return y.flatMap((value, k) => {
    const left = x - at.bar / 2, top = at.y.y + ROW * k, room = at.bar - 16, isTarget = k === target;
    return [
      label(left + 6, top + ROW / 2, VOCABULARY[k], isTarget ? "small bold" : "small muted"),
      shape("rect", { x: left + 14, y: top + 3, width: room, height: ROW - 6, class: "track" }),
      shape("rect", { x: left + 14, y: top + 3, width: Math.max(0, room * value), height: ROW - 6, class: isTarget ? "confidence" : "confidence other" }),
      isTarget ? shape("rect", { x: left + 13, y: top + 2, width: room + 2, height: ROW - 4, class: "target" }) : null,
      label(left + 14 + room - 4, top + ROW / 2 + 0.5, fmt(value), isTarget ? "small bold" : "small", "end"),
    ].filter(Boolean);
  });
}
