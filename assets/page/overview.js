// The overview: a small map of every head, layers from top to bottom. An ARIA
// grid with one tab stop.

const overview = {
  /** @type {HTMLElement[]} */ cells: [],
  /** The numbers of the heads that any layer has. @type {number[]} */ columns: [],
  /** The head that the keyboard is on. */ focus: 0,
  /** Counts drawings, so that one that is outdated ends. */ turn: 0,
  /** What the small maps look like now. */ look: "",
  /** What the numbers of the heads look like now. */ numbers: "",
};

/** Makes the grid. */
function makeOverview() {
  overview.columns = [...new Set(HEADS.map((head) => head.head))].sort((left, right) => left - right);
  const grid = make("div", {
    role: "grid", id: "overview", class: "overview", "aria-label": "All heads; rows are layers, columns are heads", "aria-multiselectable": "true",
    onkeydown: overviewKey, onclick: overviewClick, ondblclick: (/** @type {Event} */ event) => event.preventDefault(),
    onpointerover: overviewHover, onpointerleave: () => hoverHead(null),
  });
  grid.style.setProperty("--columns", String(overview.columns.length));
  const corner = make("span", { role: "columnheader", class: "corner" }, make("span", { class: "unseen" }, "layer"));
  grid.append(make("div", { role: "row" }, corner, ...overview.columns.map((head) => make("span", { role: "columnheader" }, String(head)))));
  DATA.layers.forEach(({ layer }, row) => {
    const line = make("div", { role: "row" }, make("span", { role: "rowheader" }, String(layer)));
    for (const head of overview.columns) {
      const index = findHead(layer, head);
      if (index < 0) {
        line.append(make("div", { role: "gridcell", class: "none", "aria-label": "no such head" }));
        continue;
      }
      const cell = make("div", { role: "gridcell", tabindex: "-1", "data-head": index, "aria-label": headName(index) }, make("canvas", { "aria-hidden": "true" }), make("span", { class: "head-number", "aria-hidden": "true" }));
      overview.cells[index] = cell;
      line.append(cell);
    }
    grid.append(line);
    void row;
  });
  return make("figure", { class: "overview-figure" },
    make("figcaption", {}, make("b", {}, "All heads. "), "Layers from top to bottom, heads from left to right. Point to look, click to choose, shift-click to add."),
    ...(DATA.compared ? [make("div", { class: "grid-choice" }, makeGridChoice())] : []),
    grid);
}

/** @param {Event} event */
function headUnder(event) {
  const cell = /** @type {Element} */ (event.target).closest("[data-head]");
  return cell ? Number(cell.getAttribute("data-head")) : null;
}

/** @param {number | null} head */
function hoverHead(head) {
  if (hover.head === head) return;
  hover.head = head;
  redraw();
}

/** @param {PointerEvent} event */
function overviewHover(event) {
  if (event.pointerType !== "touch") hoverHead(headUnder(event));
}

/** @param {MouseEvent} event */
function overviewClick(event) {
  const head = headUnder(event);
  if (head === null) return;
  hover.head = null;
  focusHead(head);
  chooseHead(head, event.shiftKey);
}

/** @param {number} head */
function focusHead(head) {
  overview.cells[overview.focus]?.setAttribute("tabindex", "-1");
  overview.focus = head;
  overview.cells[head].setAttribute("tabindex", "0");
  overview.cells[head].focus({ preventScroll: false });
}

/** @param {KeyboardEvent} event */
function overviewKey(event) {
  const { row, head } = HEADS[overview.focus];
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    chooseHead(overview.focus, event.shiftKey || event.key === " ");
    return;
  }
  const column = overview.columns.indexOf(head);
  const place = moved(event, [row, column], [DATA.layers.length, overview.columns.length]);
  if (!place) return;
  event.preventDefault();
  const [toRow, toColumn] = place;
  // A layer may lack the head: the nearest that it has.
  const layer = DATA.layers[toRow];
  const wanted = overview.columns[toColumn];
  const nearest = [...layer.heads].sort((left, right) => Math.abs(left - wanted) - Math.abs(right - wanted))[0];
  const next = findHead(layer.layer, nearest);
  focusHead(next);
  say(`${headName(next)}${describedHead(next)}`);
}

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
  return `, most from ${shape.rows.units[Math.floor(best / width)].label} to ${shape.columns.units[best % width].label}: ${written(map[best])}`;
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
