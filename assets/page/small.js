// The small maps in the overview.

/**
 * The strongest link of a head, in words.
 * @param {number} head
 */
function describedHead(head) {
  const map = shownMap(head);
  let best = -1;
  map.forEach((value, cell) => {
    const unit = shape.columns.units[cell % shape.columns.units.length];
    if (!unit.aside && Math.abs(value) > (best < 0 ? 0 : Math.abs(map[best]))) best = cell;
  });
  if (best < 0) return "";
  const width = shape.columns.units.length;
  return `, most from ${isolated(shape.rows.units[Math.floor(best / width)].label)} to ${isolated(shape.columns.units[best % width].label)}: ${written(shownBand(head, Math.floor(best / width), sideInView()), best % width)}`;
}

/** The greatest value of all maps. */
function maximumOfAll() {
  return HEADS.reduce((most, _, head) => Math.max(most, digest(head).maximum), 0);
}

/** Draws the small maps anew where they look otherwise now, layer after layer. */
function drawOverview() {
  const under = hover.head;
  overview.cells.forEach((cell, head) => {
    cell.setAttribute("aria-selected", String(state.heads.includes(head)));
    cell.classList.toggle("under", head === under);
  });
  if (DATA.compared && colorHeads()) return;
  const look = [isDifference() && themeInView(), shapeKey, state.scale, state.color, state.vmin, state.vmax, state.map, state.invert].join();
  if (look === overview.look) return;
  overview.look = look;
  overview.turn += 1;
  const turn = overview.turn;
  const from = (/** @type {number} */ row) => {
    if (LIFE.aborted || turn !== overview.turn || row >= DATA.layers.length) return;
    HEADS.forEach((head, index) => {
      if (head.row === row) drawSmall(index);
    });
    setTimeout(() => from(row + 1), 0);
  };
  from(0);
}

/** @param {number} head */
function drawSmall(head) {
  const { small, maximum } = digest(head);
  const [tall, wide] = [Math.min(SMALL, shape.rows.units.length), Math.min(SMALL, shape.columns.units.length)];
  const { place } = colorScale(["auto", "head"].includes(state.scale) ? maximumOf(small) : maximum, maximumOfAll);
  const canvas = /** @type {HTMLCanvasElement} */ (overview.cells[head].firstChild);
  canvas.width = wide;
  canvas.height = tall;
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(pixelsOf(small, wide, [0, tall, 0, wide], place, null), 0, 0);
}
