// Shared by all explorers: elements, numbers, the seeded generator, theme, controls, and the two-way binding to the model.
// Joined in front of each explorer by base.py, so everything here is in scope there.

let kitCount = 0;

/** An HTML element: node("button", {class: "x", onclick: f}, "text", child). `on…` are listeners, null attributes are left out. */
function node(tag, attrs = {}, ...children) {
  return fill(document.createElement(tag), attrs, children);
}

/** The same for SVG. */
function shape(tag, attrs = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, children);
}

function fill(element, attrs, children) {
  for (const [key, value] of Object.entries(attrs)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An SVG text at x, y. */
function label(x, y, text, cls = "", anchor = "middle") {
  return shape("text", { x, y, class: cls, "text-anchor": anchor, "dominant-baseline": "central" }, text);
}

/** A symbol with a lowered index, h₂ say, as SVG text. */
function symbolText(x, y, symbol, index, cls = "", anchor = "middle") {
  const text = label(x, y, symbol, `${cls} symbol`, anchor);
  text.append(shape("tspan", { class: "sub", dy: 4 }, index));
  return text;
}

/** The same as HTML: sub("h", "t") is h with t below the line. */
function sub(symbol, index) {
  return node("span", { class: "symbol" }, symbol, node("sub", {}, String(index)));
}

/** A number with a true minus sign; "0.00" never gets one. */
function fmt(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "\u2212");
}

/** The same inside a sum or a product: below zero it stands in parentheses. */
function term(value, digits = 2) {
  const text = fmt(value, digits);
  return text[0] === "\u2212" ? `(${text})` : text;
}

/** The size of an error: 3e−11. */
function fmtError(value) {
  return value === 0 ? "0" : value.toExponential(0).replace("-", "\u2212");
}

const SUBSCRIPT = "₀₁₂₃₄₅₆₇₈₉";
const below = (number) => String(number).replace(/\d/g, (digit) => SUBSCRIPT[digit]);

/** Seeded uniform numbers in [0, 1): the mulberry32 generator, equal to rnncore.explorers.base.mulberry32. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** 0 … n − 1 in random order (Fisher and Yates). */
function permutation(n, random) {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const copyMatrix = (matrix) => matrix.map((row) => [...row]);
const zerosLike = (matrix) => matrix.map((row) => row.map(() => 0));
const transpose = (matrix) => matrix[0].map((_, j) => matrix.map((row) => row[j]));
const column = (vector) => Array.from(vector, (value) => [value]);

/** Is the page around us dark? The book's theme, JupyterLab and VS Code say so; else the system does. */
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "dark" || chosen === "light") return chosen === "dark";
  const lab = document.body && document.body.dataset.jpThemeLight;
  if (lab) return lab === "false";
  if (document.body && /vscode-(dark|light)/.test(document.body.className)) return document.body.className.includes("vscode-dark");
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Keep root's data-theme equal to the page's theme. Returns the clean-up. */
function followTheme(root) {
  const apply = () => root.setAttribute("data-theme", isDark() ? "dark" : "light");
  const media = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(apply);
  const options = { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class"] };
  observer.observe(document.documentElement, options);
  if (document.body) observer.observe(document.body, options);
  media.addEventListener("change", apply);
  apply();
  return () => { observer.disconnect(); media.removeEventListener("change", apply); };
}

/**
 * The frame of an explorer: a shadow root (so that no page style leaks in), theme, a summary for eyes and screen readers.
 * `onResize(width)` runs when the width changes. Returns {root, say, unmount}.
 */
function mount(el, title, onResize) {
  const host = node("div", { "data-lm-suppress-shortcuts": "true" }); // JupyterLab keeps its one-key shortcuts off
  const spoken = node("div", { class: "spoken", "aria-live": "polite", "aria-atomic": "true" });
  const root = node("div", { class: "rnx", role: "group", "aria-label": title });
  host.attachShadow({ mode: "open" }).append(node("style", {}, KIT_CSS), root);
  el.append(host);
  root.append(node("p", { class: "title" }, title), spoken);
  const stopTheme = followTheme(root);
  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (root.clientWidth && root.clientWidth !== width) onResize((width = root.clientWidth));
  });
  sizes.observe(root);
  let timer = 0;
  const say = (text) => { // a pause, so that a dragged slider does not chatter
    clearTimeout(timer);
    timer = setTimeout(() => { if (spoken.textContent !== text) spoken.textContent = text; }, 400);
  };
  const unmount = () => { clearTimeout(timer); sizes.disconnect(); stopTheme(); host.remove(); };
  return { root, say, unmount };
}

/** Read and write the widget's traits. `outside(name)` runs for changes that do not come from this view. */
function bind(model, names, outside) {
  let own = false;
  const handlers = names.map((name) => [`change:${name}`, () => { if (!own) outside(name); }]);
  handlers.forEach(([event, handler]) => model.on(event, handler));
  return {
    get: (name) => model.get(name),
    put(values) {
      own = true;
      try {
        for (const [name, value] of Object.entries(values)) model.set(name, value);
      } finally {
        own = false;
      }
      model.save_changes();
    },
    release: () => handlers.forEach(([event, handler]) => model.off(event, handler)),
  };
}

/** A button. `kind` is "main" for the one most used; `name` is a longer name, which starts with the text. */
function button(text, onclick, { kind = "", title = null, name = null } = {}) {
  return node("button", { type: "button", class: `button ${kind}`, onclick, title: title || name, "aria-label": name }, text);
}

/** Buttons side by side, named as a group. */
function toolbar(name, ...buttons) {
  return node("div", { class: "toolbar", role: "group", "aria-label": name }, ...buttons);
}

/** A labelled slider with its value. Returns {root, input, set(value)}. */
function slider(text, { min, max, step, show = (v) => fmt(v) }, oninput) {
  const id = `rnx-${++kitCount}`;
  const input = node("input", { type: "range", id, min, max, step });
  const output = node("output", { for: id });
  const tell = (value) => { output.textContent = show(value); input.setAttribute("aria-valuetext", output.textContent); };
  input.addEventListener("input", () => { tell(Number(input.value)); oninput(Number(input.value)); });
  const root = node("div", { class: "slider" }, node("label", { for: id }, text), input, output);
  return { root, input, set: (value) => { input.value = value; tell(value); } };
}

/** A labelled list of choices [value, text]. Returns {root, input, set(value), options(list)}. */
function choice(text, list, onchange) {
  const id = `rnx-${++kitCount}`;
  const input = node("select", { id, onchange: () => onchange(input.value) });
  const options = (items) => input.replaceChildren(...items.map(([value, name]) => node("option", { value }, name)));
  options(list);
  const root = node("div", { class: "choice" }, node("label", { for: id }, text), input);
  return { root, input, options, set: (value) => { input.value = value; } };
}

/** A number field; arrow keys move by `by`, with Shift ten times as far. It keeps the full value and shows `digits` decimals. */
function numberField(name, onEdit, { digits = 2, by = 0.1 } = {}) {
  const input = node("input", { type: "number", step: "any", class: "number", "aria-label": name });
  let shown = 0;
  const accept = (value) => { shown = value; input.removeAttribute("aria-invalid"); onEdit(value); };
  input.addEventListener("input", () => {
    const value = input.valueAsNumber;
    if (Number.isFinite(value) && Math.abs(value) <= 1e6) accept(value);
    else input.setAttribute("aria-invalid", "true");
  });
  input.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = Math.round((shown + way * by * (event.shiftKey ? 10 : 1)) * 1e6) / 1e6;
    input.value = next.toFixed(digits);
    accept(next);
  });
  input.addEventListener("blur", () => { input.removeAttribute("aria-invalid"); input.value = shown.toFixed(digits); });
  const set = (value) => {
    shown = value;
    if (input.getRootNode().activeElement !== input) input.value = fmt(value, digits).replace("\u2212", "-");
  };
  return { root: input, set };
}

/** The cell colour of a weight: amber above zero, sky blue below, stronger when larger. */
function weightTint(value) {
  const strength = Math.min(Math.abs(value) / 2.5, 1) * 0.45;
  return `rgba(${value >= 0 ? "230, 159, 0" : "86, 180, 233"}, ${strength.toFixed(3)})`;
}

/**
 * A matrix of number fields. `rowNames` and `columnNames` head it; `onEdit(i, j, value)`, `onPick(i, j)` (focus).
 * Returns {root, set(matrix), mark(i, j)}.
 */
function matrixEditor(symbol, shapeText, rowNames, columnNames, onEdit, onPick) {
  const cell = (i, j) => {
    const place = (kind, names, k) => `${kind} ${k + 1}${names[k] === String(k + 1) ? "" : ` (${names[k]})`}`;
    const where = place("row", rowNames, i) + (columnNames.length > 1 ? `, ${place("column", columnNames, j)}` : "");
    const field = numberField(`${symbol}, ${where}`, (value) => { tint(field.root, value); onEdit(i, j, value); });
    field.root.addEventListener("focus", () => onPick(i, j));
    return field;
  };
  const tint = (input, value) => input.style.setProperty("--tint", weightTint(value));
  const fields = rowNames.map((_, i) => columnNames.map((_, j) => cell(i, j)));
  const head = (text) => node("span", { class: "head", "aria-hidden": "true" }, text);
  const grid = node("div", { class: "matrix", style: `--columns: ${columnNames.length}` }, head(""), ...columnNames.map(head));
  fields.forEach((row, i) => grid.append(head(rowNames[i]), ...row.map((field) => field.root)));
  const root = node("fieldset", { class: "matrix-box" }, node("legend", {}, node("b", {}, symbol), ` ${shapeText}`), grid);
  return {
    root,
    set: (matrix) => fields.forEach((row, i) => row.forEach((field, j) => { field.set(matrix[i][j]); tint(field.root, matrix[i][j]); })),
    mark: (i, j) => fields.forEach((row, a) => row.forEach((field, b) => field.root.classList.toggle("picked", a === i && b === j))),
  };
}

/** A table: heads across, rows of [head, ...cells]; cells are text or nodes. It scrolls by itself where it is too wide. */
function table(caption, heads, rows, cls = "") {
  const line = (row) => node("tr", {}, node("th", { scope: "row" }, row[0]), ...row.slice(1).map((value) => node("td", {}, value)));
  const built = node("table", { class: cls, "aria-label": caption },
    node("thead", {}, node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)))), node("tbody", {}, ...rows.map(line)));
  return node("div", { class: "table" }, node("p", { class: "part" }, caption),
    node("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption }, built));
}

/** A straight arrow; `cls` gives its colour. */
function arrow(x1, y1, x2, y2, cls = "") {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const wing = (turn) => `${(x2 - 7 * Math.cos(angle + turn)).toFixed(1)},${(y2 - 7 * Math.sin(angle + turn)).toFixed(1)}`;
  return shape("g", { class: `arrow ${cls}` },
    shape("line", { x1, y1, x2: x2 - 4 * Math.cos(angle), y2: y2 - 4 * Math.sin(angle) }),
    shape("polygon", { points: `${x2.toFixed(1)},${y2.toFixed(1)} ${wing(0.42)} ${wing(-0.42)}` }));
}
