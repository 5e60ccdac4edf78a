// The overview: a cell for every head, layers from top to bottom. An ARIA grid
// with one tab stop.

const overview = {
  /** @type {HTMLElement[]} */ cells: [],
  /** The numbers of the heads that any layer has. @type {number[]} */ columns: [],
  /** The head that the keyboard is on. */ focus: 0,
  /** Counts drawings, so that one that is outdated ends. */ turn: 0,
  /** What the small maps look like now. */ look: "",
  /** What the numbers of the heads look like now. */ numbers: "",
};

/**
 * Makes the grid.
 * @param {string} caption what is said of it beside where the heads are
 * @param {...HTMLElement} over what stands over it
 */
function makeOverview(caption, ...over) {
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
    make("figcaption", {}, make("b", {}, "All heads. "), `Layers from top to bottom, heads from left to right. ${caption}`),
    ...over,
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
