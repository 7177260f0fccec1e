// The grid of units that the reader paints: one toggle button per unit, one of them in the tab order.

/** `value(i)` is the state of unit i, `onSet(i, value)` asks for a new one. Returns {root, show(state, ringed)}. */
function pixelGrid(rows, cols, value, onSet) {
  const pixels = Array.from({ length: rows * cols }, (_, i) => node("button", {
    type: "button", class: "pixel", tabindex: i ? -1 : 0, "data-i": i,
    "aria-label": `Row ${Math.floor(i / cols) + 1}, column ${(i % cols) + 1}`,
  }));
  const name = "State of the network: one button per unit, arrow keys move";
  const root = node("div", { class: "pixels", role: "group", "aria-label": name, style: `--columns: ${cols}` }, ...pixels);
  root.addEventListener("keydown", (event) => moveFocus(event, pixels, cols));
  root.addEventListener("focusin", (event) => pixels.forEach((pixel) => pixel.setAttribute("tabindex", pixel === event.target ? 0 : -1)));
  listenToPainting(root, value, onSet);
  const show = (state, ringed) => pixels.forEach((pixel, i) => {
    pixel.setAttribute("aria-pressed", state[i] > 0);
    pixel.classList.toggle("on", state[i] > 0);
    pixel.classList.toggle("next", i === ringed);
  });
  return { root, show };
}

/** Arrow keys, Home and End move within the grid. */
function moveFocus(event, pixels, cols) {
  const i = Number(event.target.dataset.i);
  const row = i - (i % cols);
  const to = {
    ArrowRight: Math.min(i + 1, row + cols - 1), ArrowLeft: Math.max(i - 1, row),
    ArrowDown: i + cols < pixels.length ? i + cols : i, ArrowUp: i >= cols ? i - cols : i,
    Home: row, End: row + cols - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  pixels[to].focus();
}

/** A mouse or a pen paints while it is pressed; touch and keyboard flip by click, so that a finger can still scroll. */
function listenToPainting(root, value, onSet) {
  let brush = 0;
  let painted = false;
  const at = (event) => event.target.closest(".pixel");
  const paint = (pixel) => { if (value(Number(pixel.dataset.i)) !== brush) onSet(Number(pixel.dataset.i), brush); };
  root.addEventListener("pointerdown", (event) => {
    const pixel = at(event);
    if (!pixel || event.pointerType === "touch" || event.button !== 0) return;
    brush = -value(Number(pixel.dataset.i));
    painted = true;
    paint(pixel);
  });
  root.addEventListener("pointerover", (event) => {
    if (!(event.buttons & 1)) brush = 0;
    if (brush && at(event)) paint(at(event));
  });
  root.addEventListener("pointerup", () => { brush = 0; });
  root.addEventListener("click", (event) => {
    const pixel = at(event);
    const byKeyOrTouch = event.detail === 0 || !painted;
    if (pixel && byKeyOrTouch) onSet(Number(pixel.dataset.i), -value(Number(pixel.dataset.i)));
    painted = false;
  });
}
