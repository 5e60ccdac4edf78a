// What colours stand for, and the overview in them.

/** The colours of what has a sign, by paper. @type {Map<string, Uint8Array>} */
const DIFFERENCE_TABLES = new Map();

/** Whether what is shown has a sign. */
function isDifference() {
  return fieldInView() === "gain";
}

/** The table for the paper in view. */
function differenceTable() {
  const theme = themeInView();
  const held = DIFFERENCE_TABLES.get(theme);
  if (held) return held;
  const table = Uint8Array.from(atob(DATA.colors[theme === "dark" ? 1 : 0]), (letter) => letter.charCodeAt(0));
  DIFFERENCE_TABLES.set(theme, table);
  return table;
}

/** The numbers that share their colours with those in view. */
function sharedNumbers() {
  const [{ unit }, field] = [quantityInView(), fieldInView()];
  const isOfShares = ["deviation", "count", "gain"].includes(field) ? [field] : ["mean", "p05", "p50", "p95", "best", "from_to", "to_from"];
  return QUANTITIES.filter((other) => other.unit === unit).flatMap((other) => isOfShares.flatMap((name) => numbersOfField(other, name)));
}

/**
 * What colours stand for: from which number to which.
 * @returns {{low: number, high: number, place: (value: number) => number}} place: 0 to 1
 */
function headScale() {
  const isShared = state.scale === "shared";
  const there = (isShared ? sharedNumbers() : numbersInView()).filter((number) => !Number.isNaN(number));
  const high = there.reduce((most, number) => Math.max(most, number), -Infinity);
  const least = there.reduce((most, number) => Math.min(most, number), Infinity);
  if (isDifference()) {
    const end = Math.max(Math.abs(high), Math.abs(least)) || 1;
    return { low: -end, high: end, place: (value) => (128 + 127 * clamp(value / end, -1, 1)) / 255 };
  }
  if (state.color === "logarithmic") {
    const positive = there.filter((number) => number > 0).reduce((most, number) => Math.min(most, number), high);
    const low = Math.max(isShared ? high / 1000 : positive, high / 1e6, 1e-30);
    const [from, to] = [Math.log(low), Math.log(Math.max(high, low))];
    return { low, high, place: (value) => (value <= low ? 0 : clamp((Math.log(value) - from) / (to - from || 1), 0, 1)) };
  }
  const low = isShared ? Math.min(0, least) : least;
  return { low, high, place: (value) => clamp((value - low) / (high - low || 1), 0, 1) };
}

/**
 * What is said of a head beside its name.
 * @param {number} head
 */
function describedHead(head) {
  return `, ${nameInView()} ${fieldText(numbersInView()[head], fieldInView())}`;
}

/** Draws the overview anew where it looks otherwise now. */
function drawOverview() {
  overview.cells.forEach((cell, head) => {
    cell.setAttribute("aria-selected", String(state.heads.includes(head)));
    cell.classList.toggle("under", head === hover.head);
  });
  const hasRoom = overview.cells[0].clientWidth >= 27;
  const look = [state.quantity, fieldInView(), state.scale, state.color, state.map, state.invert, themeInView(), hasRoom].join();
  if (look === overview.look) return;
  overview.look = look;
  const [numbers, scale] = [numbersInView(), headScale()];
  overview.cells.forEach((cell, head) => {
    const [canvas, number] = /** @type {HTMLElement[]} */ ([...cell.children]);
    canvas.hidden = true;
    const value = numbers[head];
    const [paper, ink] = Number.isNaN(value) ? ["", ""] : colorAt(scale.place(value), colorTable());
    cell.style.backgroundColor = paper;
    number.style.color = ink;
    // The name of the cell has the whole number.
    number.dataset.number = !hasRoom ? "" : Number.isNaN(value) ? "–" : briefText(value);
    cell.setAttribute("aria-label", `${headName(head)}${describedHead(head)}`);
  });
  drawColorBar(scale);
}

/** Makes what stands under the overview. */
function makeColorBar() {
  return make("div", { class: "under" }, make("canvas", { id: "color-bar", "aria-hidden": "true" }), make("p", { id: "scale-text", class: "scale-text" }));
}

/** @param {{low: number, high: number}} scale */
function drawColorBar({ low, high }) {
  const context = fitted(/** @type {HTMLCanvasElement} */ (byId("color-bar")), 120, 12);
  for (let step = 0; step < 120; step += 1) {
    context.fillStyle = colorAt(step / 119, colorTable())[0];
    context.fillRect(step, 0, 1, 12);
  }
  byId("scale-text").textContent = `${nameInView()}: ${scaleText({ low, high })}`;
}

/** @param {{low: number, high: number}} scale */
function scaleText({ low, high }) {
  const field = fieldInView();
  const unit = field === "count" ? "" : ` ${quantityInView().unit}`;
  return `${fieldText(low, field)} to ${fieldText(high, field)}${unit}${state.color === "logarithmic" && !isDifference() ? ", logarithmic" : ""}`;
}
