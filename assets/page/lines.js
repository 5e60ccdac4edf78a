// The chosen heads as lines: queries on the left, keys on the right, each head
// in its colour.

const strings = {
  /** What the lines in the background show now. */ drawn: "",
  /** What the labels show now. */ labels: "",
  /** The unit that the keyboard is on, of each side. */ focus: [0, 0],
};

/** The height of a row. */
function lineHeight() {
  const count = Math.max(shape.rows.units.length, shape.columns.units.length);
  return clamp(620 / count, 16, 26);
}

/** Makes the figure. */
function makeLines() {
  const side = (/** @type {0 | 1} */ which, /** @type {string} */ name) =>
    make("div", {
      id: `line-units-${which}`, class: `line-units side-${which}`, role: "listbox", tabindex: "0", "aria-label": name, "aria-multiselectable": "true",
      onkeydown: (/** @type {KeyboardEvent} */ event) => unitKey(event, which), onclick: (/** @type {MouseEvent} */ event) => unitClick(event, which),
      onpointerover: (/** @type {PointerEvent} */ event) => unitHover(event, which), onpointerleave: () => hoverCell(null),
      onfocus: () => redraw(), onblur: () => hoverCell(null),
    });
  return make("figure", { id: "view-lines", class: "view" },
    make("div", { class: "line-heads", "aria-hidden": "true" }, make("span", {}, "queries: who attends"), make("span", {}, "keys: what gets attention")),
    make("div", { id: "line-frame", class: "line-frame", tabindex: "0", role: "region", "aria-label": "Lines between tokens" },
      side(0, "Queries: what gives attention"),
      make("div", { class: "line-middle" }, make("canvas", { id: "line-canvas", "aria-hidden": "true" }), make("canvas", { id: "line-marks", class: "marks", "aria-hidden": "true" })),
      side(1, "Keys: what gets attention")),
    make("figcaption", { id: "line-caption" }));
}

/** @param {Event} event */
function unitUnder(event) {
  const option = /** @type {Element} */ (event.target).closest("[data-unit]");
  return option ? Number(option.getAttribute("data-unit")) : null;
}

/** The direction that a click on a side means. @param {0 | 1} side */
function directionOf(side) {
  return state.direction === "both" ? "both" : side === 0 ? "from" : "to";
}

/** @param {PointerEvent} event @param {0 | 1} side */
function unitHover(event, side) {
  if (event.pointerType === "touch") return;
  const unit = unitUnder(event);
  hoverCell(null, unit === null ? null : { side, index: unit });
}

/** @param {MouseEvent} event @param {0 | 1} side */
function unitClick(event, side) {
  const unit = unitUnder(event);
  if (unit === null) return;
  strings.focus[side] = unit;
  hover.unit = null;
  lockUnit((side === 0 ? shape.rows : shape.columns).units[unit].first, directionOf(side), event.shiftKey);
}

/** @param {KeyboardEvent} event @param {0 | 1} side */
function unitKey(event, side) {
  const axis = side === 0 ? shape.rows : shape.columns;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    hover.unit = null;
    lockUnit(axis.units[strings.focus[side]].first, directionOf(side), event.shiftKey || event.key === " ");
    return;
  }
  const isAcross = list.classList.contains("across");
  // In a text that wraps, right is on; in a list, down is.
  const key = isAcross ? { ArrowRight: "ArrowDown", ArrowLeft: "ArrowUp", ArrowDown: "ArrowDown", ArrowUp: "ArrowUp" }[event.key] || event.key : event.key;
  const ctrlKey = key === "Home" || key === "End" || event.ctrlKey;
  const place = moved(/** @type {KeyboardEvent} */ ({ key, ctrlKey, metaKey: false }), [strings.focus[side], 0], [axis.units.length, 1]);
  if (!place) return;
  event.preventDefault();
  strings.focus[side] = place[0];
  hoverCell(null, { side, index: place[0] });
  say(`${axis.units[place[0]].label}: ${describedUnit(side, place[0])}`);
}

/**
 * The three strongest links of a unit.
 * @param {0 | 1} side
 * @param {number} unit
 */
function describedUnit(side, unit) {
  const band = bandOfUnit(side, unit);
  const { values } = band;
  const others = (side === 0 ? shape.columns : shape.rows).units;
  const order = [...values.keys()].filter((index) => values[index] !== 0).sort((left, right) => Math.abs(values[right]) - Math.abs(values[left])).slice(0, 3);
  const verb = isDifference() ? (side === 0 ? "changes most towards" : "changes most from") : side === 0 ? "gives most to" : "gets most from";
  return order.length ? `${verb} ${order.map((index) => `“${isolated(others[index].label)}” ${written(band, index)}`).join(", ")}` : "no link";
}

/**
 * What a row gives to the columns, or a column gets from the rows; 0 where there
 * is nothing or the filters leave it out.
 * @param {0 | 1} side
 * @param {number} unit
 * @returns {Band}
 */
function bandOfUnit(side, unit) {
  currentMap();
  const width = shape.columns.units.length;
  const band = bandOf((side === 0 ? shape.columns : shape.rows).units.length, 0);
  for (let other = 0; other < band.values.length; other += 1) {
    const [row, column] = side === 0 ? [unit, other] : [other, unit];
    const cell = row * width + column;
    if (Number.isNaN(heat.values[cell]) || (heat.kept && !heat.kept[cell])) continue;
    const line = bandInView(row);
    for (const edge of EDGES) band[edge][other] = line[edge][column];
  }
  return band;
}

/**
 * The labels of a side, made anew where they changed.
 * @param {0 | 1} side
 * @param {string} prefix
 * @param {HTMLElement} list
 */
function fillUnits(side, prefix, list) {
  const axis = side === 0 ? shape.rows : shape.columns;
  const options = axis.units.map((unit, index) => {
    const option = make("span", { role: "option", id: `${prefix}-${side}-${index}`, "data-unit": index, class: unit.special ? "unit special" : "unit" },
      make("bdi", {}, unit.label || "“”"), make("span", { class: "share" }));
    if (index > 0 && unit.segment !== axis.units[index - 1].segment) option.classList.add("starts");
    return option;
  });
  if (!list.classList.contains("across")) {
    list.replaceChildren(...options);
    return;
  }
  // Each text of a pair begins a paragraph.
  const texts = [...new Set(axis.units.map((unit) => unit.segment))];
  list.replaceChildren(...texts.map((segment) => make("div", { role: "group", "aria-label": texts.length > 1 ? `text ${segment ? "B" : "A"}` : "text" },
    ...options.filter((_, index) => axis.units[index].segment === segment))));
}

/**
 * The units of a list, in their order.
 * @param {HTMLElement} list
 */
function optionsOf(list) {
  return /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-unit]")]);
}

/** Draws what changed of the lines. */
function drawLines() {
  currentMap();
  const height = lineHeight();
  const lists = /** @type {const} */ ([0, 1]).map((side) => byId(`line-units-${side}`));
  if (strings.labels !== shapeKey) {
    strings.labels = shapeKey;
    lists.forEach((list, side) => {
      fillUnits(/** @type {0 | 1} */ (side), "line", list);
      list.style.setProperty("--row", `${height}px`);
    });
  }
  const canvas = /** @type {HTMLCanvasElement} */ (byId("line-canvas"));
  const width = Math.max(80, /** @type {HTMLElement} */ (canvas.parentElement).clientWidth);
  const tall = height * Math.max(shape.rows.units.length, shape.columns.units.length);
  const chosen = unitsInView();
  const isAnything = chosen.rows.length + chosen.columns.length > 0;
  const look = [heat.key, width, tall, themeInView(), state.heads, state.scale, state.color, state.vmax].join();
  if (strings.drawn !== look) {
    strings.drawn = look;
    paintLines(canvasPainter(fitted(canvas, width, tall)), width, height, null);
    byId("line-caption").textContent = lineCaption();
  }
  canvas.classList.toggle("behind", isAnything);
  if (!isPrinting) {
    const marks = canvasPainter(fitted(/** @type {HTMLCanvasElement} */ (byId("line-marks")), width, tall));
    if (isAnything) paintLines(marks, width, height, chosen);
  }
  shareUnits(lists, chosen, strings.focus, document.activeElement);
}

/**
 * Scrolls long lists so that a unit is in sight.
 * @param {number} index as it is shown
 */
function scrollLines(index) {
  const frame = byId("line-frame");
  const [top, room] = [index * lineHeight(), frame.clientHeight];
  if (top < frame.scrollTop || top + lineHeight() > frame.scrollTop + room) frame.scrollTop = top - room / 2;
}

/** What the lines show, as a sentence. */
function lineCaption() {
  const heads = headsInView();
  const whose = heads.length === 1 ? `${headName(heads[0])[0].toUpperCase()}${headName(heads[0]).slice(1)}` : `${heads.length} heads, each in its colour`;
  const near = heat.kept ? [" Lines that the filters leave out are not drawn.", ...nearTheFilters(heads.map((head) => [head]))].join(" ") : "";
  if (isDifference()) return `${whose}, right − left: a line from each token on the left to what it attends to, darker for a greater change; whole lines are more on the right side, dashed ones less.${near}`;
  return `${whose}: a line from each token on the left to what it attends to on the right, darker for more.${near}`;
}

/**
 * The lines of a head that are strong enough to be seen, all or those of some rows
 * and columns.
 * @param {number} head
 * @param {{rows: number[], columns: number[]} | null} chosen
 */
function linesOf(head, chosen) {
  const map = shownMap(head);
  const width = shape.columns.units.length;
  // Up to the map's own maximum, however dark its map is: of a long input all lines
  // would be one block.
  const { place } = colorScale(maximumOf(map), maximumOfAll);
  const kept = headsInView().length === 1 ? heat.kept : passing(map);
  /** @type {{row: number, column: number, value: number, strength: number}[]} */
  const lines = [];
  const add = (/** @type {number} */ row, /** @type {number} */ column) => {
    const cell = row * width + column;
    if (!(Math.abs(map[cell]) > 0) || (kept && !kept[cell])) return;
    const strength = strengthOf(place(map[cell]));
    if (strength >= 0.02) lines.push({ row, column, value: map[cell], strength });
  };
  const rows = chosen ? chosen.rows : shape.rows.units.map((_, row) => row);
  for (const row of rows) for (let column = 0; column < width; column += 1) add(row, column);
  for (const column of chosen?.columns || []) for (let row = 0; row < shape.rows.units.length; row += 1) if (!rows.includes(row)) add(row, column);
  return lines;
}

/**
 * Draws lines of each head, all or those of some rows and columns.
 * @param {Painter} painter
 * @param {number} width
 * @param {number} height of a row
 * @param {{rows: number[], columns: number[]} | null} chosen
 */
function paintLines(painter, width, height, chosen) {
  const heads = headsInView();
  const ink = inks();
  heads.forEach((head, place) => {
    const color = heads.length === 1 ? ink.accent : headColor(head);
    // Heads lie a little apart, so that none covers another.
    const offset = (place - (heads.length - 1) / 2) * Math.min(2.5, height / 2 / heads.length);
    for (const { row, column, value, strength } of linesOf(head, chosen)) {
      const isLess = value < 0;
      const own = isDifference() && heads.length === 1 ? colorAt(differencePlace(isLess ? -0.8 : 0.8))[0] : color;
      painter.curve([0, (row + 0.5) * height + offset], [width, (column + 0.5) * height + offset], own, chosen ? 0.8 + strength * 2.4 : 0.6 + strength * 1.6, chosen ? 0.15 + 0.85 * strength : Math.min(1, strength * 0.9), isLess);
    }
  });
}

/** @param {number} head */
function headColor(head) {
  return HEAD_COLORS[Math.max(0, state.heads.indexOf(head)) % HEAD_COLORS.length];
}

/**
 * Marks the units of both lists: which are chosen, and what share each has of
 * what those give or get.
 * @param {HTMLElement[]} lists queries and keys
 * @param {{rows: number[], columns: number[]}} chosen
 * @param {number[]} focus
 * @param {Element | null} active
 */
function shareUnits(lists, chosen, focus, active) {
  const shares = sharesInView(chosen);
  lists.forEach((list, side) => {
    const own = side === 0 ? chosen.rows : chosen.columns;
    const band = shares[side];
    const values = band && band.values;
    const most = values ? Math.max(...values.map(Math.abs), 1e-9) : 1;
    const locked = side === 0 ? shape.rows : shape.columns;
    const isLocked = (/** @type {number} */ index) => state.units.some((unit) => locked.place[unit] === index) && state.direction !== (side === 0 ? "to" : "from");
    optionsOf(list).forEach((option, index) => {
      const value = values ? values[index] : 0;
      option.classList.toggle("chosen", own.includes(index));
      option.classList.toggle("focus", active === list && focus[side] === index);
      option.setAttribute("aria-selected", String(isLocked(index)));
      option.style.setProperty("--share", String(values ? Math.abs(value) / most : 0));
      const share = /** @type {HTMLElement} */ (option.lastChild);
      const text = band && value !== 0 && (Math.abs(value) >= most * 0.02 || list.children.length < 40) ? written(band, index) : "";
      if (share.textContent !== text) share.textContent = text;
    });
    list.setAttribute("aria-activedescendant", `${list.children[0]?.id.replace(/\d+$/, "")}${Math.min(focus[side], list.children.length - 1)}`);
  });
}

/**
 * For queries and keys what the chosen units of the other side give or get, a
 * mean of several; null where none is chosen.
 * @param {{rows: number[], columns: number[]}} chosen
 * @returns {(Band | null)[]}
 */
function sharesInView({ rows, columns }) {
  const mean = (/** @type {0 | 1} */ side, /** @type {number[]} */ units) => (units.length ? meanOfBands(units.map((unit) => bandOfUnit(side, unit))) : null);
  return [mean(1, columns), mean(0, rows)];
}
