// The complex plane with the unit circle and the two eigenvalues to drag. It is built once and then changed in place:
// an element that is held by the pointer or has the focus must stay.

const FARTHEST = 1.5, KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Where the two eigenvalues stand: [re, im] each. `upper` says which of a pair has the positive imaginary part. */
function handlePlaces(grip) {
  if (grip.real) return [[grip.l1, 0], [grip.l2, 0]];
  const sign = grip.upper === 1 ? -1 : 1;
  return [[grip.re, sign * grip.im], [grip.re, -sign * grip.im]];
}

/**
 * The spectrum after eigenvalue i has been moved to re + i im. A pair that comes within `snap` of the real axis becomes two
 * equal real ones; two real ones leave the axis only where they meet, as W is real and its other eigenvalues come in pairs.
 */
function moveEigenvalue(grip, i, re, im, snap) {
  const far = Math.hypot(re, im) / FARTHEST;
  if (far > 1) [re, im] = [re / far, im / far];
  const leave = { ...grip, real: false, re, im: Math.abs(im), upper: im > 0 ? i : 1 - i };
  if (!grip.real) return Math.abs(im) < snap ? { ...grip, real: true, l1: re, l2: re } : leave;
  const other = i === 0 ? grip.l2 : grip.l1;
  if (Math.abs(im) >= snap && Math.abs(im) < 0.3 && Math.abs(re - other) < 0.06) return leave;
  return { ...grip, [i === 0 ? "l1" : "l2"]: re };
}

function complexText([re, im]) {
  return im === 0 ? fmt(re) : `${fmt(re)} ${im < 0 ? "\u2212" : "+"} ${fmt(Math.abs(im))} i`;
}

class SpectrumPlane {
  /** `onMove(i, re, im, snap)` runs when eigenvalue i is dragged or moved by keys. */
  constructor(onMove) {
    this.onMove = onMove;
    this.root = shape("svg", { class: "plane", role: "group", "aria-label": "Complex plane with the unit circle and the eigenvalues of W" });
    this.back = shape("g", { "aria-hidden": "true" });
    this.names = shape("g", { "aria-hidden": "true" });
    this.circles = Object.fromEntries(["sigma", "rho", "unit"].map((name) => [name, shape("circle", { class: `ring ${name}` })]));
    this.marks = shape("g");
    this.inside = shape("svg", { class: "clip", "aria-hidden": "true" }, ...Object.values(this.circles), this.marks);
    this.handles = [0, 1].map((i) => this.handle(i));
    this.root.append(this.back, this.inside, this.names, ...this.handles.map(({ root }) => root));
  }

  handle(i) {
    const text = symbolText(0, 0, "λ", i + 1, "halo");
    const root = shape("g", { class: "handle", role: "slider", tabindex: 0, "aria-label": `Eigenvalue ${i + 1}, moved in the plane by arrow keys`, "aria-valuemin": 0 },
      shape("circle", { r: 20, class: "grab" }), shape("circle", { r: 8, class: "dot" }), text);
    const move = (event) => {
      const box = this.root.getBoundingClientRect();
      const round = (value) => Math.round(value * 200) / 200;
      this.onMove(i, round(((event.clientX - box.left - this.middle) * this.reach) / this.half), round(((this.middle - event.clientY + box.top) * this.reach) / this.half), 0.03);
    };
    root.addEventListener("pointerdown", (event) => { event.preventDefault(); root.focus(); root.setPointerCapture(event.pointerId); root.classList.add("held"); });
    root.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // touch-action has no effect on a part of a drawing
    root.addEventListener("pointermove", (event) => { if (root.hasPointerCapture(event.pointerId)) move(event); });
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => root.classList.remove("held"));
    root.addEventListener("keydown", (event) => {
      const way = KEYS[event.key], by = event.shiftKey ? 0.1 : 0.02;
      if (!way) return;
      event.preventDefault();
      const [re, im] = this.places[i].map((value, axis) => value + way[axis] * by);
      this.onMove(i, re, im, 0.01);
    });
    return { root, text };
  }

  /** Draw what does not move: frame, axes, their names. */
  size(width, reach) {
    this.width = width;
    this.reach = reach;
    this.middle = this.half = width / 2;
    fill(this.root, { width, height: width }, []);
    fill(this.inside, { width, height: width }, []);
    const m = this.middle, at = (value) => m + (value / reach) * this.half;
    const tick = (value) => [label(at(value) + 5 * value, m + 11, fmt(value, 0), "small muted halo", value > 0 ? "start" : "end"), label(m - 5, at(-value) - 10 * value, value > 0 ? "i" : "\u2212i", "small muted halo", "end")];
    this.back.replaceChildren(shape("rect", { x: 0.5, y: 0.5, width: width - 1, height: width - 1, rx: 6, class: "ground" }),
      shape("line", { x1: 0, x2: width, y1: m, y2: m, class: "rule" }), shape("line", { x1: m, x2: m, y1: 0, y2: width, class: "rule" }));
    this.names.replaceChildren(...tick(1), ...tick(-1), label(6, m - 10, "real", "small muted halo", "start"), label(m + 6, 10, "imaginary", "small muted halo", "start"));
    for (const circle of Object.values(this.circles)) fill(circle, { cx: m, cy: m }, []);
  }

  /** `found` is what computeSpectrum returns; `grip` the Schur form that is dragged. */
  draw(width, grip, found) {
    const reach = found.rho > 1.62 ? 1.15 * found.rho : 1.7;
    if (width !== this.width || reach !== this.reach) this.size(width, reach);
    const unit = this.half / reach, place = ([re, im]) => [this.middle + re * unit, this.middle - im * unit];
    for (const [name, radius] of [["unit", 1], ["rho", found.rho], ["sigma", found.sigma]]) this.circles[name].setAttribute("r", radius * unit);
    this.places = handlePlaces(grip);
    this.handles.forEach(({ root, text }, i) => {
      const [x, y] = place(this.places[i]), size = Math.hypot(...this.places[i]), left = grip.real && this.places[i][0] < this.places[1 - i][0];
      const values = { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`, "aria-valuenow": size.toFixed(3), "aria-valuemax": Math.max(FARTHEST, size).toFixed(3), "aria-valuetext": `${complexText(this.places[i])}, modulus ${fmt(size)}` };
      fill(root, values, []);
      fill(text, { x: left ? -22 : 22, y: grip.real ? (i ? 20 : -20) : 0 }, []);
    });
    const mark = (kind, draw) => spectrumOf(found.after[kind].W).eigenvalues.map((value) => place(value)).filter((at) => at.every((v) => Math.abs(v) < 1e4)).map(draw);
    this.marks.replaceChildren(...mark("clipped", ([x, y]) => shape("path", { d: `M${x - 6} ${y}L${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}Z`, class: "after" })),
      ...mark("unclipped", ([x, y]) => shape("path", { d: `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x + 5} ${y - 5}L${x - 5} ${y + 5}`, class: "after" })));
  }
}
