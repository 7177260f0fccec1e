// Charts shared by the explorers.

/**
 * A line over 0, 1, 2, …, with its last point marked and its last value written in the corner.
 * `o`: title, x (axis label), low, high, last (end of the x axis), line (class), digits (of the ticks), end (text), alt, goal {value, name}.
 */
function lineChart(width, height, values, o) {
  const left = 40, right = 10, top = 26, bottom = 36;
  const px = (t) => left + (t / Math.max(o.last, 1)) * (width - left - right);
  const py = (v) => top + ((o.high - v) / (o.high - o.low)) * (height - top - bottom);
  const picture = shape("svg", { width, height, role: "img", "aria-label": o.alt });
  for (const v of ticks(o.low, o.high)) picture.append(shape("line", { x1: left, x2: width - right, y1: py(v), y2: py(v), class: "rule" }), label(left - 6, py(v), fmt(v, o.digits), "small muted", "end"));
  for (const t of ticks(0, o.last, 5)) if (Number.isInteger(t)) picture.append(label(px(t), height - bottom + 13, String(t), "small muted"));
  if (o.goal) picture.append(shape("line", { x1: left, x2: width - right, y1: py(o.goal.value), y2: py(o.goal.value), class: "goal" }), label(width - right - 2, py(o.goal.value) + 11, o.goal.name, "small muted", "end"));
  const points = values.map((v, t) => `${px(t).toFixed(1)},${py(v).toFixed(1)}`).join(" ");
  picture.append(shape("polyline", { points, class: `curve ${o.line}` }), shape("circle", { cx: px(values.length - 1), cy: py(values.at(-1)), r: 4.5, class: `curve-now ${o.line}` }),
    label(0, 9, o.title, "bold", "start"), label(width - right, 9, o.end, "bold", "end"), label((left + width - right) / 2, height - 7, o.x, "small muted"));
  return picture;
}

/** Round axis ticks, about `count` of them. */
function ticks(low, high, count = 4) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** Rows of bars to both sides of zero: {name, value, text, cls}. `reach` is the value at the end of the track. */
function barRows(width, title, rows, reach, alt) {
  const high = 23, left = 62, right = 62, head = 34;
  const middle = (left + width - right) / 2, half = (width - left - right) / 2;
  const picture = shape("svg", { width, height: head + high * rows.length, role: "img", "aria-label": alt }, label(0, 17, title, "bold", "start"));
  rows.forEach(({ name, value, text, cls }, k) => {
    const y = head + high * k, length = Math.min(Math.abs(value) / reach, 1) * half || 0;
    picture.append(label(left - 8, y + 9, name, cls.includes("off") ? "muted" : "bold", "end"),
      shape("rect", { x: left, y: y + 1, width: 2 * half, height: 16, class: "track" }),
      shape("rect", { x: value < 0 ? middle - length : middle, y: y + 3, width: length, height: 12, class: `bar ${cls}` }),
      shape("line", { x1: middle, x2: middle, y1: y, y2: y + 18, class: "axis" }),
      label(width - 2, y + 9, text, cls.includes("off") ? "muted" : "", "end"));
  });
  return picture;
}
