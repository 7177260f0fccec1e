// The drawings of the forcing explorer: the distribution of one step, the losses of all steps, the errors along the training.

const FEEDS = ["forced", "free"];

/** The distribution over the next word at step t: a bar each; the true word is framed, the pick is marked. */
function distribution(width, step, t) {
  const high = 25, left = 66, right = 92, head = 30, room = width - left - right;
  const picture = shape("svg", { width, height: head + high * WORDS.length, role: "img", "aria-label": `What comes after “${WORDS[step.fed]}” at step ${t}: ${WORDS.map((word, k) => `${word} ${fmt(step.y[k])}`).join(", ")}` },
    label(0, 10, `Step ${t}: after “${WORDS[step.fed]}”`, "bold", "start"));
  WORDS.forEach((word, k) => {
    const y = head + high * k, target = k === step.target, pick = k === step.pick;
    picture.append(label(left - 8, y + 10, word, target ? "bold" : "", "end"),
      shape("rect", { x: left, y: y + 2, width: room, height: 17, class: "track" }), shape("rect", { x: left, y: y + 4, width: Math.max(0, room * step.y[k]), height: 13, class: `share ${target ? "true" : ""}` }));
    if (target) picture.append(shape("rect", { x: left - 1, y: y + 1, width: room + 2, height: 19, class: "frame" }));
    picture.append(label(left + room + 38, y + 10, fmt(step.y[k]), target || pick ? "bold" : "", "end"));
    if (pick) picture.append(label(width, y + 10, step.pick === step.target ? "pick ✓" : "pick ✗", "bold small", "end"));
  });
  return picture;
}

/** The two ways of being fed, named beside a sample of their marks. */
function legend(x, y, sample) {
  return FEEDS.flatMap((name, k) => [...sample(name, x + 70 * k, y), label(x + 70 * k + 22, y, name, "small", "start")]);
}

/** Loss of each word, forced and free side by side. */
function lossBars(width, found, current) {
  const height = 168, left = 34, top = 40, bottom = 34, pitch = (width - left - 4) / T;
  const high = Math.max(1, Math.ceil(Math.max(...FEEDS.flatMap((name) => found[name].map(({ loss }) => loss)))));
  const py = (v) => top + (1 - v / high) * (height - top - bottom);
  const said = FEEDS.map((name) => `${name}: ${found[name].map(({ loss }) => fmt(loss)).join(", ")}`).join("; ");
  const picture = shape("svg", { width, height, role: "img", "aria-label": `Loss of each of the ten words, ${said}` }, label(0, 9, "Loss of each word (nats)", "bold", "start"));
  picture.append(...legend(left, 27, (name, x, y) => [shape("rect", { x, y: y - 6, width: 16, height: 12, class: `loss ${name}` })]));
  picture.append(shape("rect", { x: left + pitch * (current - 1), y: top - 3, width: pitch, height: height - top - bottom + 6, class: "now" }));
  for (const v of ticks(0, high, 3)) picture.append(shape("line", { x1: left, x2: width - 4, y1: py(v), y2: py(v), class: "rule" }), label(left - 6, py(v), fmt(v, high < 3 ? 1 : 0), "small muted", "end"));
  const bar = Math.min(14, (pitch - 4) / 2);
  for (let t = 0; t < T; t++) {
    FEEDS.forEach((name, k) => { const y = py(found[name][t].loss); picture.append(shape("rect", { x: left + pitch * (t + 0.5) + (k ? 0.5 : -bar - 0.5), y, width: bar, height: py(0) - y, class: `loss ${name}` })); });
    picture.append(label(left + pitch * (t + 0.5), height - bottom + 12, String(t + 1), "small muted"));
  }
  picture.append(label((left + width) / 2, height - 7, "time step t", "small muted"));
  return picture;
}

/** Wrong words of ten after each update, forced and free; below, how each update was fed. */
function errorLines(width, stages, history, now) {
  const height = 184, left = 34, right = 12, top = 40, bottom = 48, last = Math.max(1, stages.length - 1);
  const px = (n) => left + (n / last) * (width - left - right), py = (v) => top + (1 - v / T) * (height - top - bottom);
  const wrong = (name) => stages.map((one) => wrongWords(one[name]));
  const picture = shape("svg", { width, height, role: "img", "aria-label": `Wrong words of ten after each of ${stages.length - 1} updates; after ${now}: ${FEEDS.map((name) => `${wrong(name)[now]} ${name}`).join(", ")}` }, label(0, 9, "Wrong words of 10, by update", "bold", "start"));
  for (const v of [0, 5, 10]) picture.append(shape("line", { x1: left, x2: width - right, y1: py(v), y2: py(v), class: "rule" }), label(left - 6, py(v), String(v), "small muted", "end"));
  picture.append(...legend(left, 27, (name, x, y) => [shape("line", { x1: x, x2: x + 18, y1: y, y2: y, class: `line ${name}` })]));
  history.forEach((name, n) => picture.append(shape("rect", { x: px(n), y: height - bottom + 8, width: px(n + 1) - px(n) + 0.4, height: 6, class: `fed ${name}` })));
  for (const name of FEEDS) picture.append(shape("polyline", { points: wrong(name).map((v, n) => `${px(n).toFixed(1)},${py(v).toFixed(1)}`).join(" "), class: `line ${name}` }));
  picture.append(shape("line", { x1: px(now), x2: px(now), y1: top - 4, y2: height - bottom + 15, class: "here" }));
  for (const name of FEEDS) picture.append(shape("circle", { cx: px(now), cy: py(wrong(name)[now]), r: 4, class: `dot ${name}` }));
  for (const n of ticks(0, last, 5)) if (Number.isInteger(n)) picture.append(label(px(n), height - bottom + 24, String(n), "small muted"));
  picture.append(label((left + width - right) / 2, height - 7, "updates; the strip: how each was fed", "small muted"));
  return picture;
}
