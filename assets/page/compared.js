// What a page has of a comparison more than that of a run: a switch between left,
// right and their difference, and the overview coloured by a number of each head.

/** Whether what is shown is how much more the right side has. */
function isDifference() {
  return sideInView() === 2;
}

/** The colours of differences, from less on the right to more. @type {Map<string, Uint8Array>} */
const DIFFERENCE_TABLES = new Map();

/** The table for the paper in view. */
function differenceTable() {
  const theme = themeInView();
  const held = DIFFERENCE_TABLES.get(theme);
  if (held) return held;
  const [light, dark] = DATA.compared ? DATA.compared.colors : ["", ""];
  const table = Uint8Array.from(atob(theme === "dark" ? dark : light), (letter) => letter.charCodeAt(0));
  DIFFERENCE_TABLES.set(theme, table);
  return table;
}

/**
 * A number from −1 to 1 as a place among the colours of differences, of which the
 * 128th is the paper.
 * @param {number} share
 */
function differencePlace(share) {
  return (128 + 127 * clamp(share, -1, 1)) / 255;
}

/**
 * How strong a place on the scale in view is, 0 to 1, whatever its sign.
 * @param {number} place
 */
function strengthOf(place) {
  return isDifference() ? Math.abs(place * 255 - 128) / 127 : place;
}

/** What a value of the side in view is called. */
function valueName() {
  return DATA.compared ? ["attention, left", "attention, right", "right − left"][sideInView()] : "attention";
}

/** The switch between the sides. */
function makeSides() {
  const { names } = /** @type {Compared} */ (DATA.compared);
  const button = (/** @type {string} */ side, /** @type {string} */ name, /** @type {string} */ more) => make("button", {
    type: "button", class: "side-button", "data-side": side, onclick: () => chooseSide(side),
  }, make("b", {}, name), ...(more ? [make("bdi", {}, more)] : []));
  return make("div", { class: "sides-switch", role: "group", "aria-label": "Which side" },
    button("left", "left", names[0]), button("right", "right", names[1]), button("difference", "right − left", ""));
}

/** @param {string} side */
function chooseSide(side) {
  update({ side });
  say(side === "difference" ? "right minus left" : `${side} side`);
}

/** Shows in the switch what is so. */
function drawSides() {
  for (const button of document.querySelectorAll("[data-side]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-side") === state.side));
  }
}

/** What is over the overview of a comparison. */
function makeGridChoice() {
  return labelled("colour heads by", choice("grid", CHOICES.grid.map((name) => [name, name === "maps" ? "small maps" : scoreName(name)])));
}

/**
 * What a number of the heads is called.
 * @param {string} name
 */
function scoreName(name) {
  return name.replace(/_difference$/, ", right − left").replaceAll("_", " ");
}

/**
 * Colours the overview by a number of each head, which stands in its cell where
 * there is room; small maps where none is chosen. Says whether it did.
 */
function colorHeads() {
  const score = state.grid === "maps" ? null : DATA.scores.find(({ name }) => name === state.grid) || null;
  const most = score ? Math.max(...score.values.map((value) => Math.abs(value || 0)), 1e-30) : 1;
  // A letter of such a number takes about 6.5 pixels; one that does not fit would
  // run into that of the next cell.
  const width = overview.cells[0].clientWidth;
  const hasRoom = width >= 27;
  const look = [state.grid, themeInView(), Math.min(width, 60)].join();
  if (look === overview.numbers) return score !== null;
  overview.numbers = look;
  overview.cells.forEach((cell, head) => {
    const [canvas, number] = /** @type {HTMLElement[]} */ ([...cell.children]);
    canvas.hidden = score !== null;
    const value = score ? score.values[head] : null;
    const [paper, ink] = value === null ? ["", ""] : colorAt(differencePlace(value / most), differenceTable());
    cell.style.backgroundColor = paper;
    number.style.color = ink;
    // The name of the cell has the whole number.
    const words = score && hasRoom ? (value === null ? "–" : brief(value, score.signed)) : "";
    number.dataset.number = words.length * 6.5 < width ? words : "";
    cell.setAttribute("aria-label", score ? `${headName(head)}, ${scoreName(score.name)} ${value === null ? "none" : numberText(value, score.signed)}` : headName(head));
  });
  return score !== null;
}

/**
 * A value in a cell, with its sign where it is a difference.
 * @param {Band} band
 * @param {number} column
 */
function shortOfSide({ values, low, high }, column) {
  const value = values[column];
  const error = Math.max(high[column] - value, value - low[column]);
  if (!isDifference() || (value === 0 && error === 0)) return short(value, error);
  if (low[column] <= 0 && high[column] >= 0 && error > 0.005) return "";
  return `${value < 0 ? "−" : "+"}${Math.abs(value) < 0.005 ? "" : short(Math.abs(value), error)}`;
}

/**
 * Marks differences that can be seen with their signs: colours are not for all.
 * @param {Painter} painter
 * @param {{part: [number, number, number, number], left: number, top: number, cell: number}} layout
 */
function paintSigns(painter, { part: [fromRow, toRow, fromColumn, toColumn], left, top, cell }) {
  const width = shape.columns.units.length;
  const { place } = mapScale();
  for (let row = fromRow; row < toRow; row += 1) {
    for (let column = fromColumn; column < toColumn; column += 1) {
      const at = row * width + column;
      const value = heat.values[at];
      if (Number.isNaN(value) || (heat.kept && !heat.kept[at]) || strengthOf(place(value)) < 0.15) continue;
      painter.text(left + (column - fromColumn + 0.5) * cell, top + (row - fromRow + 0.5) * cell, value < 0 ? "−" : "+", { color: colorAt(place(value))[1], size: clamp(cell * 0.8, 8, 16), align: "center" });
    }
  }
}

/**
 * What both sides have in a cell, in words; nothing on the page of a run.
 * @param {[number, number]} cell as it is shown
 */
function sidesText([row, column]) {
  if (!DATA.compared) return "";
  return `left ${written(bandInView(row, 0), column, 0)}, right ${written(bandInView(row, 1), column, 1)}`;
}
