// The sequence on the conveyor belt: how far each gate is open at each step, and what c and h do over time.

const BELT = { left: 54, right: 4, gates: 22, row: 34, chart: 146, high: 118, out: 300, low: 56, height: 392, beside: 320 }; // beside: the width that the puzzle needs, and the gap (gates.css)

/** Sizes that the drawing shares with the buttons below it. A short belt leaves room for the puzzle on its right; where that has none, the belt is as wide as all. */
function beltSizes(width, T) {
  const frame = BELT.left + BELT.right, least = Math.max(96, 136 / T), pitch = frame + least * T + BELT.beside < width ? least : (width - frame) / T;
  return { pitch, width: BELT.left + pitch * T + BELT.right, x: (t) => BELT.left + pitch * (t + 0.5) };
}

/** The whole belt. Mood is drawn full (line, disc, filled bar), alarm broken (dashes, square, striped bar). */
function beltPicture(sizes, steps, start, name) {
  const picture = shape("svg", { width: sizes.width, height: BELT.height, role: "img", "aria-label": `Gates and cell state over ${steps.length} steps; all numbers stand in the table of all steps.` });
  picture.append(stripes(name), ...beltKey(), ...["f", "i", "o"].flatMap((letter, row) => openings(sizes, steps, letter, row, name)),
    ...chart(sizes, steps.map(({ c }) => c), start.c, BELT.chart, BELT.high, "c"), ...chart(sizes, steps.map(({ h }) => h), start.h, BELT.out, BELT.low, "h"),
    ...steps.map((_, t) => label(sizes.x(t), BELT.height - 12, sizes.pitch > 44 ? `t = ${t + 1}` : String(t + 1), "small muted")));
  return picture;
}

function stripes(name) {
  return shape("defs", {}, shape("pattern", { id: name, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    shape("rect", { width: 5, height: 5, class: "stripe-ground" }), shape("rect", { width: 2.5, height: 5, class: "stripe" })));
}

function beltKey() {
  const line = (x, cls) => shape("line", { x1: x, x2: x + 22, y1: 9, y2: 9, class: `trace c ${cls}` });
  return [line(BELT.left, "mood"), marker(BELT.left + 11, 9, 0, "c"), label(BELT.left + 28, 9, "mood", "small", "start"),
    line(BELT.left + 74, "alarm"), marker(BELT.left + 85, 9, 1, "c"), label(BELT.left + 102, 9, "alarm", "small", "start")];
}

function marker(x, y, unit, cls) {
  return unit ? shape("rect", { x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2, class: `dot ${cls}` }) : shape("circle", { cx: x, cy: y, r: 3.8, class: `dot full ${cls}` });
}

/** One gate at every step: two bars between shut (empty) and open (full). */
function openings(sizes, steps, letter, row, name) {
  const top = BELT.gates + 6 + row * BELT.row, high = BELT.row - 8, w = Math.min(sizes.pitch * 0.32, 16);
  const text = label(0, top + high / 2, `${PART_OF[letter]} `, "small", "start");
  text.append(shape("tspan", { class: "symbol" }, letter));
  return [text, ...steps.flatMap((step, t) => step[letter].flatMap((value, unit) => {
    const x = sizes.x(t) + (unit ? 1 : -1 - w);
    return [shape("rect", { x, y: top, width: w, height: high, class: "slot" }),
      shape("rect", { x, y: top + high * (1 - value), width: w, height: high * value, class: "valve", style: unit ? `fill: url(#${name})` : null })];
  }))];
}

/** Two lines over time, from the start at the left edge. */
function chart(sizes, values, start, top, high, kind) {
  const end = sizes.width - BELT.right, reach = Math.max(1, ...values.flat().map(Math.abs), ...start.map(Math.abs));
  const y = (value) => top + (1 - value / reach) * (high / 2);
  const rows = [reach, 0, -reach].map((value) => [shape("line", { x1: BELT.left, x2: end, y1: y(value), y2: y(value), class: "rule" }), label(BELT.left - 8, y(value), short(value, 1), "small muted", "end")]);
  const path = (unit) => [`${BELT.left},${y(start[unit]).toFixed(1)}`, ...values.map((pair, t) => `${sizes.x(t).toFixed(1)},${y(pair[unit]).toFixed(1)}`)].join(" ");
  const back = kind === "c" ? [shape("rect", { x: BELT.left, y: top - 6, width: end - BELT.left, height: high + 12, class: "belt" }), ...rollersOf(BELT.left, end, top + high + 11)] : [];
  const name = symbolText(0, y(0), kind, "t", kind, "start");
  return [...back, ...rows.flat(), name,
    ...UNIT_NAMES.flatMap((unit, k) => [shape("polyline", { points: path(k), class: `trace ${kind} ${unit}` }), marker(BELT.left, y(start[k]), k, kind), ...values.map((pair, t) => marker(sizes.x(t), y(pair[k]), k, kind))])];
}

function rollersOf(from, to, y) {
  return ["rollers", "rollers inner"].map((cls) => shape("line", { x1: from + 9, x2: to - 5, y1: y, y2: y, class: cls })); // round dashes: two elements, not sixty
}

/** The frame around the step that is looked at: moved by pointer, touch and arrow keys. It outlives the drawing under it. */
class Scrubber {
  constructor(holder, onStep) {
    this.handle = node("div", { class: "scrub", role: "slider", tabindex: 0, "aria-label": "Step looked at", "aria-valuemin": 1 });
    this.holder = holder;
    let held = false, from = 0;
    const at = (event) => {
      const t = Math.floor((event.clientX - holder.getBoundingClientRect().left - BELT.left) / this.sizes.pitch) + 1;
      const to = Math.max(1, Math.min(this.T, t));
      if (to !== this.step) onStep(to);
    };
    holder.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      from = event.clientX;
      holder.setPointerCapture(event.pointerId);
      this.handle.focus({ preventScroll: true });
      event.preventDefault();
      if (event.pointerType !== "touch") at(event); // a finger may be about to scroll the page
    });
    holder.addEventListener("pointermove", (event) => {
      if (!held || (event.pointerType === "touch" && Math.abs(event.clientX - from) < 6)) return;
      from = Infinity;
      at(event);
    });
    holder.addEventListener("pointerup", (event) => { if (held && event.pointerType === "touch") at(event); }); // a tap; a swipe ends in pointercancel
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) holder.addEventListener(end, () => { held = false; });
    this.handle.addEventListener("keydown", (event) => {
      const by = event.shiftKey ? 4 : 1;
      const to = { ArrowRight: this.step + by, ArrowUp: this.step + by, ArrowLeft: this.step - by, ArrowDown: this.step - by, Home: 1, End: this.T }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      onStep(Math.max(1, Math.min(this.T, to)));
    });
  }

  set(sizes, T, step, text) {
    Object.assign(this, { sizes, T, step });
    this.handle.style.left = `${(sizes.x(step - 1) - sizes.pitch / 2).toFixed(1)}px`;
    this.handle.style.width = `${sizes.pitch.toFixed(1)}px`;
    for (const [name, value] of [["valuemax", T], ["valuenow", step], ["valuetext", text]]) this.handle.setAttribute(`aria-${name}`, value);
  }
}

/** A grid of buttons, a row per input, a column per step: off (0), on (1), against (−1). One Tab stop; arrow keys move inside. */
class InputGrid {
  constructor(onValue) {
    this.root = node("div", { class: "inputs", role: "group", "aria-label": "Inputs of all steps: arrow keys move, Enter changes between 0, 1 and −1" });
    this.onValue = onValue;
    this.at = [0, 0];
    this.buttons = [];
    this.root.addEventListener("keydown", (event) => {
      const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      if (!move) return;
      event.preventDefault();
      const to = this.at.map((k, axis) => Math.max(0, Math.min((axis ? this.T : 3) - 1, k + move[axis])));
      this.go(to);
      this.buttons[to[0]][to[1]].focus();
    });
  }

  go(to) {
    this.at = to;
    this.buttons.forEach((row, j) => row.forEach((cell, t) => cell.setAttribute("tabindex", j === to[0] && t === to[1] ? 0 : -1)));
  }

  build(T) {
    this.T = T;
    const press = (j, t) => () => { this.go([j, t]); this.onValue(j, t, { 0: 1, 1: -1 }[this.x[t][j]] ?? 0); };
    this.buttons = INPUT_NAMES.map((_, j) => Array.from({ length: T }, (__, t) => node("button", { type: "button", class: "input", onclick: press(j, t) })));
    this.root.replaceChildren(...this.buttons.flatMap((row, j) => [node("span", { class: "x", "aria-hidden": "true" }, INPUT_NAMES[j]), ...row]));
    this.go([0, 0]);
  }

  set(x, sizes) {
    this.x = x;
    if (this.T !== x.length) this.build(x.length);
    this.root.style.gridTemplateColumns = `${BELT.left}px repeat(${x.length}, ${sizes.pitch.toFixed(2)}px)`;
    this.buttons.forEach((row, j) => row.forEach((cell, t) => {
      const value = x[t][j], text = short(value, 2);
      cell.textContent = text;
      cell.setAttribute("aria-label", `${text}: ${INPUT_NAMES[j]} at t = ${t + 1}`);
      cell.dataset.sign = Math.sign(value);
    }));
  }
}
