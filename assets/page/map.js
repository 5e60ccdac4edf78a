// The chosen head, or several as one, as a heat map: an ARIA grid over a canvas.

const heat = {
  /** @type {Float32Array} */ values: new Float32Array(0),
  /** Which cells pass the filters. @type {Uint8Array | null} */ kept: null,
  /** What `values` are of. */ key: "",
  maximum: 0,
  /** The cell that the keyboard is on, as it is shown. @type {[number, number]} */ focus: [0, 0],
  /** @type {MapLayout | null} */ layout: null,
  /** What the canvas and the grid's row show now. */ drawn: "", row: "", header: "",
  /** Where a box is being drawn from and to. @type {{from: [number, number], to: [number, number]} | null} */ box: null,
};

/**
 * Where everything of the map goes.
 * @typedef {object} MapLayout
 * @property {[number, number, number, number]} part rows and columns, from and up to
 * @property {number} left
 * @property {number} top
 * @property {number} cell the side of a cell
 * @property {number} width
 * @property {number} height
 */

/** How steep labels of columns are, and how long any label is. */
const [COLUMN_TURN, LONGEST_LABEL] = [(50 * Math.PI) / 180, 98];

/** Brings the values in view up to date. */
function currentMap() {
  const heads = headsInView();
  const key = [shapeKey, heads, heads.length > 1 ? state.combine : ""].join();
  const filters = [state.min, state.mass, state.pair].join();
  if (`${key} ${filters}` !== heat.key) {
    heat.values = combined(heads, state.combine);
    heat.maximum = maximumOf(heat.values);
    heat.kept = passing(heat.values);
    heat.key = `${key} ${filters}`;
  }
  return heat.values;
}

/** The rows and columns that are zoomed to. @returns {[number, number, number, number]} */
function partInView() {
  const [rows, columns] = [shape.rows.units.length, shape.columns.units.length];
  if (!state.zoom) return [0, rows, 0, columns];
  const [fromRow, toRow, fromColumn, toColumn] = state.zoom;
  const part = [Math.min(fromRow, rows - 1), Math.min(toRow, rows), Math.min(fromColumn, columns - 1), Math.min(toColumn, columns)];
  return part[0] < part[1] && part[2] < part[3] ? /** @type {[number, number, number, number]} */ (part) : [0, rows, 0, columns];
}

/**
 * @param {number} room in CSS pixels
 * @param {number} most the greatest height of the cells
 * @returns {MapLayout}
 */
function mapLayout(room, most) {
  const part = partInView();
  const longest = (/** @type {Shown[]} */ units) => units.reduce((length, unit) => Math.max(length, Math.min(LONGEST_LABEL, widthOf(unit.label, 13))), 0);
  const left = clamp(longest(shape.rows.units.slice(part[0], part[1])) + 14, 40, Math.max(40, room * 0.3));
  const top = clamp(longest(shape.columns.units.slice(part[2], part[3])) * Math.sin(COLUMN_TURN) + 22, 40, 110);
  const cell = Math.min(56, (room - left - 20) / (part[3] - part[2]), most / (part[1] - part[0]));
  return { part, left, top, cell, width: room, height: top + cell * (part[1] - part[0]) + 2 };
}

/** Where colours begin and end in the map. */
function mapScale() {
  return colorScale(heat.maximum, maximumOfAll, heat.values);
}

/**
 * Draws the map.
 * @param {Painter} painter
 * @param {MapLayout} layout
 */
function paintMap(painter, { part, left, top, cell, width: room }) {
  const [fromRow, toRow, fromColumn, toColumn] = part;
  const ink = inks();
  const width = shape.columns.units.length;
  const { place } = mapScale();
  const [wide, tall] = [cell * (toColumn - fromColumn), cell * (toRow - fromRow)];
  painter.pixels(left, top, wide, tall, pixelsOf(heat.values, width, part, place, heat.kept));
  const step = Math.max(1, Math.ceil(13 / cell));
  const size = clamp(cell * 0.7, 10, 13);
  for (let row = fromRow; row < toRow; row += step) {
    const unit = shape.rows.units[row];
    painter.text(left - 6, top + (row - fromRow + 0.5) * cell, fitting(unit.label, left - 10, size), { color: unit.special ? ink.faint : ink.ink, size, align: "right" });
  }
  for (let column = fromColumn; column < toColumn; column += step) {
    const unit = shape.columns.units[column];
    const x = left + (column - fromColumn + 0.5) * cell;
    // Up to the upper edge, and to the right one.
    const long = Math.min(LONGEST_LABEL, (top - 12) / Math.sin(COLUMN_TURN), (room - x - 4) / Math.cos(COLUMN_TURN));
    painter.text(x, top - 7, fitting(unit.label, long, size), { color: unit.special ? ink.faint : ink.ink, size, turn: -50 });
  }
  if (cell >= 34) {
    for (let row = fromRow; row < toRow; row += 1) {
      for (let column = fromColumn; column < toColumn; column += 1) {
        const at = row * width + column;
        if (Number.isNaN(heat.values[at]) || (heat.kept && !heat.kept[at])) continue;
        const [, over] = colorAt(place(heat.values[at]));
        painter.text(left + (column - fromColumn + 0.5) * cell, top + (row - fromRow + 0.5) * cell, shortOfSide(bandInView(row), column), { color: over, size: clamp(cell * 0.26, 9, 12), align: "center" });
      }
    }
  }
  if (isDifference() && cell >= 9 && cell < 34) paintSigns(painter, { part, left, top, cell });
  // Ink on paper, so that it is seen on light and on dark cells.
  const between = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ long, /** @type {number} */ high) => {
    painter.box(x - (high && 1.5), y - (long && 1.5), long || 3, high || 3, ink.paper);
    painter.box(x - (high && 0.5), y - (long && 0.5), long || 1, high || 1, ink.ink);
  };
  const starts = (/** @type {Shown[]} */ units, /** @type {number} */ from, /** @type {number} */ to) =>
    units.map((_, index) => index).filter((index) => index > from && index < to && units[index].segment !== units[index - 1].segment);
  for (const row of starts(shape.rows.units, fromRow, toRow)) between(left - 8, top + (row - fromRow) * cell, wide + 8, 0);
  for (const column of starts(shape.columns.units, fromColumn, toColumn)) between(left + (column - fromColumn) * cell, top - 8, 0, tall + 8);
  painter.frame(left - 0.5, top - 0.5, wide + 1, tall + 1, ink.rule, 1);
}

/**
 * A value in a cell: two digits, no leading 0; one where its error allows no more.
 * @param {number} value
 * @param {number} error
 */
function short(value, error) {
  if (value === 0 && error === 0) return "0";
  if (error > 0.05) return "";
  if (value >= 0.995) return value.toFixed(value < 9.995 ? 1 : 0);
  if (error > 0.005) return value < 0.05 ? "<.1" : value.toFixed(1).replace(/^0/, "");
  return value < 0.005 ? "<.01" : value.toFixed(2).replace(/^0/, "");
}

/**
 * Where colours end, as it is written: the map's maximum with the digits that are
 * sure, what was chosen with three.
 * @param {number} end
 */
function endText(end) {
  if (Math.abs(end) !== heat.maximum || end === 0) return `${isDifference() && end > 0 ? "+" : ""}${threeDigits(end)}`;
  const cell = heat.values.findIndex((value) => Math.abs(value) === heat.maximum);
  const width = shape.columns.units.length;
  const text = written(bandInView(Math.floor(cell / width)), cell % width);
  return isDifference() ? text.replace(/^[−+]/, end < 0 ? "−" : "+") : text;
}

/** The best of the page's room for the map. */
function mapRoom() {
  return byId("map-frame").clientWidth;
}

/** So high may the cells be that the map and what is read off it are seen at once. */
function mapHeight() {
  const above = byId("map-frame").getBoundingClientRect().top + window.scrollY;
  // On a phone it stands far below, where it is scrolled to.
  const whole = above < window.innerHeight / 2 ? window.innerHeight - above : window.innerHeight;
  return Math.max(260, Math.min(window.innerHeight * 0.78, whole - 190));
}

/** Makes the figure. */
function makeMap() {
  const frame = make("div", { id: "map-frame", class: "map-frame" },
    make("canvas", { id: "map-canvas", "aria-hidden": "true" }),
    make("canvas", { id: "map-marks", class: "marks", "aria-hidden": "true" }),
    make("div", {
      id: "map", class: "map-grid", role: "grid", tabindex: "0", "aria-label": "Attention map; rows attend to columns",
      onkeydown: mapKey, onfocus: () => sayCell(), onblur: () => redraw(),
    }));
  frame.addEventListener("pointermove", mapMove);
  frame.addEventListener("pointerdown", mapDown);
  frame.addEventListener("pointerup", mapUp);
  frame.addEventListener("pointerleave", () => { heat.box = null; hoverCell(null); });
  frame.addEventListener("pointercancel", () => { heat.box = null; hoverCell(null); });
  frame.addEventListener("wheel", mapWheel, { passive: false });
  frame.addEventListener("touchmove", mapPinch, { passive: false });
  return make("figure", { id: "view-map", class: "view" },
    frame,
    make("div", { class: "under" }, make("canvas", { id: "color-bar", "aria-hidden": "true" }), make("p", { id: "color-text", class: "scale-text" }),
      make("button", { id: "zoom-out", type: "button", hidden: true, onclick: () => update({ zoom: null }) }, "Whole map")),
    make("figcaption", { id: "map-caption" }));
}

/** Draws what changed of the map. */
function drawMap() {
  currentMap();
  const layout = mapLayout(mapRoom(), mapHeight());
  heat.layout = layout;
  const look = [heat.key, layout.part, layout.width, layout.cell, state.scale, state.color, state.vmin, state.vmax, state.map, state.invert, themeInView(), window.devicePixelRatio].join();
  if (look !== heat.drawn) {
    heat.drawn = look;
    const canvas = /** @type {HTMLCanvasElement} */ (byId("map-canvas"));
    paintMap(canvasPainter(fitted(canvas, layout.width, layout.height)), layout);
    drawColorBar();
    byId("map-caption").textContent = mapCaption();
    byId("zoom-out").hidden = !state.zoom;
    const grid = byId("map").style;
    const [rows, columns] = [layout.part[1] - layout.part[0], layout.part[3] - layout.part[2]];
    [grid.left, grid.top, grid.width, grid.height] = [layout.left, layout.top, columns * layout.cell, rows * layout.cell].map((length) => `${length}px`);
  }
  if (!isPrinting) drawMarks(layout);
  describeMap();
}

/** What the map is of, as a sentence. */
function mapCaption() {
  const heads = headsInView();
  const whose = heads.length === 1 ? headName(heads[0]) : `${state.combine} of ${heads.length} heads`;
  const unit = state.tokens === "word" ? "word" : "token";
  const parts = [`${whose[0].toUpperCase()}${whose.slice(1)}${DATA.compared && !isDifference() ? ` on the ${state.side}` : ""}: each row is a ${unit} and how it spreads its attention over the columns.`];
  if (isDifference()) parts.splice(0, 1, `${whose[0].toUpperCase()}${whose.slice(1)}, right − left: how much more (+) or less (−) attention each ${unit} in the rows gives to the columns on the right side. Paper is no difference.`);
  if (state.tokens === "word") parts.push("Pieces of words are merged: columns summed, rows averaged.");
  if (state.special === "hide") parts.push("Special tokens are hidden; rows may sum to less than 1.");
  if (state.special === "renormalize") parts.push("Special tokens are dropped, rows scaled back to 1.");
  if (state.sink === "hide") parts.push("The first token is hidden.");
  if (heat.kept) parts.push("Cells that the filters leave out are empty.", ...nearTheFilters(headsInView().length > 1 ? [headsInView()] : headsInView().map((head) => [head])));
  return [...parts, ...DATA.notes].join(" ");
}

/** The colours with what they stand for. */
function drawColorBar() {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("color-bar"));
  const context = fitted(canvas, 160, 10);
  for (let x = 0; x < 160; x += 1) {
    context.fillStyle = colorAt(x / 159)[0];
    context.fillRect(x, 0, 1, 10);
  }
  const { low, high } = mapScale();
  const ends = { auto: high < heat.maximum ? `most values are near 0; the greatest is ${endText(heat.maximum)}` : "this map’s maximum", head: "this map’s maximum", unit: "1", run: "the maximum of all maps" }[state.scale];
  if (isDifference() && heat.maximum === 0) {
    byId("color-text").textContent = "both sides are equal";
    return;
  }
  byId("color-text").textContent = `${endText(low)} to ${endText(high)}${state.vmax === null ? ` (${ends})` : ""}${state.color === "logarithmic" ? ", logarithmic" : ""}`;
}

/**
 * The row of the grid that the keyboard is on, with all its cells, for those who
 * listen; the rest of the map is counted alone.
 */
function describeMap() {
  const { rows, columns } = shape;
  const grid = byId("map");
  heat.focus = [clamp(heat.focus[0], 0, rows.units.length - 1), clamp(heat.focus[1], 0, columns.units.length - 1)];
  const [row, column] = heat.focus;
  if (heat.header !== shapeKey || !grid.firstChild) {
    heat.header = shapeKey;
    heat.row = "";
    const header = make("div", { role: "row", "aria-rowindex": "1" }, make("span", { role: "columnheader", "aria-colindex": "1" }, "from / to"),
      ...columns.units.map((unit, index) => make("span", { role: "columnheader", "aria-colindex": index + 2 }, unit.label)));
    grid.replaceChildren(header);
    grid.setAttribute("aria-label", DATA.compared ? `${valueName()}; rows attend to columns` : "Attention map; rows attend to columns");
    grid.setAttribute("aria-rowcount", String(rows.units.length + 1));
    grid.setAttribute("aria-colcount", String(columns.units.length + 1));
  }
  const wanted = `${heat.key} ${row}`;
  if (heat.row !== wanted) {
    heat.row = wanted;
    const [band, ranks] = [bandInView(row), ranksOf(row)];
    const cells = columns.units.map((_, index) => make("span", { role: "gridcell", id: `cell-${index}`, "aria-colindex": index + 2, "data-row": row, "data-column": index },
      `${written(band, index)}${rankText(ranks, index)}`));
    const line = make("div", { role: "row", "aria-rowindex": row + 2 }, make("span", { role: "rowheader", "aria-colindex": "1" }, rows.units[row].label), ...cells);
    if (grid.childNodes.length > 1) grid.lastChild?.remove();
    grid.append(line);
  }
  for (const cell of grid.querySelectorAll("[aria-selected]")) cell.removeAttribute("aria-selected");
  for (const [query, key] of heldCells()) if (rows.place[query] === row) document.getElementById(`cell-${columns.place[key]}`)?.setAttribute("aria-selected", "true");
  grid.setAttribute("aria-activedescendant", `cell-${column}`);
}

/**
 * What is told of a cell.
 * @param {[number, number]} cell as it is shown
 */
function describedCell([row, column]) {
  const [from, to] = [shape.rows.units[row].label, shape.columns.units[column].label];
  return { from, to, value: written(bandInView(row), column), rank: rankText(ranksOf(row), column).replace(/^, /, ""), sides: sidesText([row, column]) };
}

/** Says the cell that the keyboard is on. */
function sayCell() {
  redraw();
  const { from, to, value, rank, sides } = describedCell(heat.focus);
  say(`${from} to ${to}: ${[value, sides, rank].filter(Boolean).join(", ")}`);
}

/** @param {[number, number] | null} cell @param {{side: 0 | 1, index: number} | null} [unit] */
function hoverCell(cell, unit = null) {
  const same = String(cell) === String(hover.cell) && unit?.side === hover.unit?.side && unit?.index === hover.unit?.index;
  if (same) return;
  hover.cell = cell;
  hover.unit = unit;
  redraw();
}

/**
 * What is under the pointer.
 * @param {{clientX: number, clientY: number}} event
 * @returns {{cell: [number, number] | null, unit: {side: 0 | 1, index: number} | null, x: number, y: number}}
 */
function mapUnder(event) {
  const frame = byId("map-frame").getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  if (!heat.layout) return { cell: null, unit: null, x, y };
  const { part, left, top, cell } = heat.layout;
  const row = part[0] + Math.floor((y - top) / cell);
  const column = part[2] + Math.floor((x - left) / cell);
  const inRows = row >= part[0] && row < part[1];
  const inColumns = column >= part[2] && column < part[3];
  if (inRows && inColumns) return { cell: [row, column], unit: null, x, y };
  if (inRows && x < left) return { cell: null, unit: { side: 0, index: row }, x, y };
  if (inColumns && y < top) return { cell: null, unit: { side: 1, index: column }, x, y };
  return { cell: null, unit: null, x, y };
}

/** @param {PointerEvent} event */
function mapMove(event) {
  const { cell, unit, x, y } = mapUnder(event);
  if (heat.box) {
    heat.box.to = [x, y];
    redraw();
    return;
  }
  if (event.pointerType !== "touch") hoverCell(cell, unit);
}

/** @param {PointerEvent} event */
function mapDown(event) {
  const { cell, x, y } = mapUnder(event);
  if (cell && event.button === 0 && event.pointerType !== "touch") heat.box = { from: [x, y], to: [x, y] };
}

/** @param {PointerEvent} event */
function mapUp(event) {
  const box = heat.box;
  heat.box = null;
  if (box && heat.layout && Math.hypot(box.to[0] - box.from[0], box.to[1] - box.from[1]) > 8) {
    const { part, left, top, cell } = heat.layout;
    const rows = [box.from[1], box.to[1]].map((y) => part[0] + (y - top) / cell).sort((a, b) => a - b);
    const columns = [box.from[0], box.to[0]].map((x) => part[2] + (x - left) / cell).sort((a, b) => a - b);
    zoomTo([rows[0], rows[1], columns[0], columns[1]]);
    return;
  }
  const { cell, unit } = mapUnder(event);
  if (cell) {
    heat.focus = cell;
    lockCell(cell, event.shiftKey);
  } else if (unit) {
    const axis = unit.side === 0 ? shape.rows : shape.columns;
    lockUnit(axis.units[unit.index].first, state.direction === "both" ? "both" : unit.side === 0 ? "from" : "to", event.shiftKey);
  }
}

/**
 * Locks a cell, or frees one that is locked.
 * @param {[number, number]} cell as it is shown
 * @param {boolean} adds
 */
function lockCell([row, column], adds) {
  /** @type {[number, number]} */
  const cell = [shape.rows.units[row].first, shape.columns.units[column].first];
  const held = isHeld([row, column]);
  const others = adds ? heldCells().filter((other) => !isPlace(other, [row, column])) : [];
  const cells = held ? others : [...others, cell];
  update({ cell: cells[cells.length - 1] ?? null, more: cells.slice(0, -1), units: [] });
  const { from, to, value } = describedCell([row, column]);
  say(`${from} to ${to}: ${value}, ${held ? "let go" : "held"}`);
}

/** The cells that are locked. @returns {[number, number][]} */
function heldCells() {
  return [...state.more, ...(state.cell ? [state.cell] : [])];
}

/**
 * Whether a cell of the stream is shown in a place.
 * @param {[number, number]} cell
 * @param {[number, number]} place as it is shown
 */
function isPlace([query, key], [row, column]) {
  return shape.rows.place[query] === row && shape.columns.place[key] === column;
}

/**
 * Whether a cell is among those that are locked.
 * @param {[number, number]} place as it is shown
 */
function isHeld(place) {
  return heldCells().some((cell) => isPlace(cell, place));
}

/**
 * Shows a part of the map.
 * @param {[number, number, number, number]} part
 */
function zoomTo(part) {
  const [rows, columns] = [shape.rows.units.length, shape.columns.units.length];
  const from = [clamp(Math.floor(part[0]), 0, rows - 1), clamp(Math.floor(part[2]), 0, columns - 1)];
  const to = [clamp(Math.ceil(part[1]), from[0] + 1, rows), clamp(Math.ceil(part[3]), from[1] + 1, columns)];
  const isAll = !from[0] && !from[1] && to[0] === rows && to[1] === columns;
  update({ zoom: isAll ? null : [from[0], to[0], from[1], to[1]] });
}

/**
 * Zooms about a cell; above 1 comes nearer.
 * @param {number} factor
 * @param {[number, number]} about
 */
function zoomBy(factor, about) {
  const part = partInView();
  const around = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ middle, /** @type {number} */ all) => {
    const length = clamp((to - from) / factor, 4, all);
    const start = clamp(middle - ((middle - from) / (to - from)) * length, 0, all - length);
    return factor < 1 ? [Math.floor(start), Math.ceil(start + length)] : [Math.round(start), Math.round(start + length)];
  };
  const rows = around(part[0], part[1], about[0] + 0.5, shape.rows.units.length);
  const columns = around(part[2], part[3], about[1] + 0.5, shape.columns.units.length);
  zoomTo([rows[0], rows[1], columns[0], columns[1]]);
}

/** @param {WheelEvent} event */
function mapWheel(event) {
  const { cell } = mapUnder(event);
  const isNear = shape.rows.units.length <= 8 && shape.columns.units.length <= 8;
  // Zoomed out the page scrolls on.
  if (!cell || isNear || (event.deltaY > 0 && !state.zoom)) return;
  event.preventDefault();
  zoomBy(event.deltaY < 0 ? 1.25 : 0.8, cell);
}

let pinch = 0;

/** @param {TouchEvent} event */
function mapPinch(event) {
  if (event.touches.length !== 2) {
    pinch = 0;
    return;
  }
  event.preventDefault();
  const [first, second] = [event.touches[0], event.touches[1]];
  const apart = Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY);
  const { cell } = mapUnder({ clientX: (first.clientX + second.clientX) / 2, clientY: (first.clientY + second.clientY) / 2 });
  if (pinch && cell && Math.abs(apart / pinch - 1) > 0.08) {
    zoomBy(apart / pinch, cell);
    pinch = apart;
  }
  pinch ||= apart;
}

/** @param {KeyboardEvent} event */
function mapKey(event) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    lockCell(heat.focus, event.shiftKey);
    return;
  }
  if (event.key === "+" || event.key === "-") {
    zoomBy(event.key === "+" ? 1.5 : 1 / 1.5, heat.focus);
    return;
  }
  const place = moved(event, heat.focus, [shape.rows.units.length, shape.columns.units.length]);
  if (!place) return;
  event.preventDefault();
  heat.focus = place;
  const [row, column] = place;
  bringIntoView(row, column);
  sayCell();
}

/**
 * Moves the part that is zoomed to, so that it has a row and a column.
 * @param {number | null} row as it is shown
 * @param {number | null} column
 */
function bringIntoView(row, column) {
  const part = partInView();
  const shift = (/** @type {number | null} */ at, /** @type {number} */ from, /** @type {number} */ to) => (at === null ? 0 : at < from ? at - from : at >= to ? at - to + 1 : 0);
  const [down, right] = [shift(row, part[0], part[1]), shift(column, part[2], part[3])];
  if (down || right) zoomTo([part[0] + down, part[1] + down, part[2] + right, part[3] + right]);
}
