// What is pointed to and what is held, over the map.

/**
 * Marks rows, columns and a cell.
 * @param {Painter} painter
 * @param {MapLayout} layout
 */
function paintMarks(painter, { part, left, top, cell }) {
  const ink = inks();
  const [fromRow, toRow, fromColumn, toColumn] = part;
  const [wide, tall] = [(toColumn - fromColumn) * cell, (toRow - fromRow) * cell];
  const ofRow = (/** @type {number} */ row, /** @type {string} */ color, /** @type {number} */ thickness) => {
    if (row >= fromRow && row < toRow) painter.frame(left, top + (row - fromRow) * cell, wide, Math.max(cell, 2), color, thickness);
  };
  const ofColumn = (/** @type {number} */ column, /** @type {string} */ color, /** @type {number} */ thickness) => {
    if (column >= fromColumn && column < toColumn) painter.frame(left + (column - fromColumn) * cell, top, Math.max(cell, 2), tall, color, thickness);
  };
  const { rows, columns } = unitsInView();
  for (const row of rows) ofRow(row, ink.accent, 1.5);
  for (const column of columns) ofColumn(column, ink.accent, 1.5);
  const cells = cellsInView();
  for (const [, column] of cells) ofColumn(column, ink.faint, 1);
  for (const place of cells) ringCell(painter, { part, left, top, cell }, place, ink.accent, 2);
}

/**
 * A ring around a cell, on paper so that it is seen on every colour.
 * @param {Painter} painter
 * @param {Pick<MapLayout, "part" | "left" | "top" | "cell">} layout
 * @param {[number, number]} place row and column
 * @param {string} color
 * @param {number} thickness
 */
function ringCell(painter, { part: [fromRow, toRow, fromColumn, toColumn], left, top, cell }, [row, column], color, thickness) {
  if (row < fromRow || row >= toRow || column < fromColumn || column >= toColumn) return;
  const side = Math.max(cell, 6);
  const [x, y] = [left + (column - fromColumn + 0.5) * cell - side / 2, top + (row - fromRow + 0.5) * cell - side / 2];
  painter.frame(x, y, side, side, inks().paper, thickness + 2);
  painter.frame(x, y, side, side, color, thickness);
}

/**
 * Draws the marks of the screen, among them where the keyboard is and the box that
 * is being drawn.
 * @param {MapLayout} layout
 */
function drawMarks(layout) {
  const context = fitted(/** @type {HTMLCanvasElement} */ (byId("map-marks")), layout.width, layout.height);
  const painter = canvasPainter(context);
  const ink = inks();
  paintMarks(painter, layout);
  if (document.activeElement === byId("map")) ringCell(painter, layout, heat.focus, ink.key, 3);
  if (heat.box) {
    const { from, to } = heat.box;
    painter.box(from[0], from[1], to[0] - from[0], to[1] - from[1], ink.accent, 0.18);
    painter.frame(from[0], from[1], to[0] - from[0], to[1] - from[1], ink.accent, 1);
  }
}
