// What can be taken along: the view as SVG, PNG and CSV.

/** What a file of this view is called, without its ending. */
function fileStem() {
  const heads = state.heads.length === 1 ? `layer-${HEADS[state.heads[0]].layer}-head-${HEADS[state.heads[0]].head}` : `${state.combine}-of-${state.heads.length}-heads`;
  return `${state.view}-${heads}${DATA.compared ? `-${state.side}` : ""}`;
}

/**
 * What was done to the maps before they were drawn, and what of them is drawn, each
 * as a sentence.
 */
function doneInWords() {
  const { window: stretch, zoom, min, mass, pair, view } = state;
  const ends = (/** @type {Shown[]} */ units, /** @type {number} */ from, /** @type {number} */ to) => `${units[from].first} to ${units[to - 1].first + units[to - 1].count - 1}`;
  const part = partInView();
  const text = (/** @type {string} */ letter) => `text ${letter}`;
  return [
    state.tokens === "word" && "Pieces of words are merged: columns summed, rows averaged.",
    state.special === "hide" && "Special tokens are hidden; rows may sum to less than 1.",
    state.special === "renormalize" && "Special tokens are dropped, rows scaled back to 1.",
    state.sink === "hide" && "The first token is hidden.",
    stretch && `Tokens ${stretch.join(" to ")} of ${QUERIES} are shown, counted from 0.`,
    zoom && view === "map" && `Zoomed to rows ${ends(shape.rows.units, part[0], part[1])} and columns ${ends(shape.columns.units, part[2], part[3])}, counted from 0.`,
    min > 0 && `Links below ${+min.toPrecision(3)} are left out.`,
    mass < 1 && `Of each row the strongest links are kept that make up ${Math.round(mass * 100)} % of it.`,
    pair !== "all" && (pair[0] === pair[1] ? `Links within ${text(pair[0])} alone.` : `Links from ${text(pair[0])} to ${text(pair[1])} alone.`),
    ...DATA.notes,
    DATA.bits === 8 && `Values of the map are known to within ${knownTo()}.`,
  ].filter((sentence) => typeof sentence === "string");
}

/** The width of drawings, and their margin. */
const [SHEET, MARGIN] = [860, 16];

/**
 * What draws a paragraph, and how high it is.
 * @param {string} text
 * @param {number} size
 * @param {(ink: ReturnType<typeof inks>) => string} color
 * @param {boolean} [bold]
 */
function paragraph(text, size, color, bold = false) {
  const lines = inLines(text, (SHEET - 2 * MARGIN) * (bold ? 0.92 : 0.97), size);
  const step = Math.round(size * 1.45);
  return {
    height: lines.length * step,
    paint: (/** @type {Painter} */ painter, /** @type {number} */ y) =>
      lines.forEach((line, index) => painter.text(MARGIN, y + (index + 0.5) * step, line, { color: color(inks()), size, bold })),
  };
}

/**
 * The view as a drawing: its size, and what draws it. Over it stands what it is of,
 * below it what was done.
 * @returns {{width: number, height: number, paint: (painter: Painter) => void}}
 */
function drawing() {
  const names = state.heads.map(headName).join("; ");
  const heads = state.heads.length === 1 || state.view === "lines" ? names : `${state.combine} of ${names}`;
  const title = paragraph(shortened(DATA.captions.join(" / "), 300), 15, (ink) => ink.ink, true);
  const model = paragraph(`${DATA.model} · ${heads}${DATA.compared ? ` · ${valueName()}` : ""}`, 12, (ink) => ink.faint);
  const top = 12 + title.height + model.height + 12;
  const { height, paint, caption } = state.view === "lines" ? lineFigure() : state.view === "text" ? textFigure() : mapFigure();
  const notes = paragraph([caption, ...doneInWords()].join(" "), 11, (ink) => ink.faint);
  return { width: SHEET, height: top + height + 8 + notes.height + 10, paint(painter) {
    title.paint(painter, 12);
    model.paint(painter, 12 + title.height);
    paint(shifted(painter, 0, top));
    notes.paint(painter, top + height + 8);
  } };
}

/**
 * A figure of a drawing, and the sentence below it.
 * @typedef {{height: number, paint: (painter: Painter) => void, caption: string}} Figure
 */

/** The lines. @returns {Figure} */
function lineFigure() {
  const [height, middle] = [lineHeight(), 420];
  const count = Math.max(shape.rows.units.length, shape.columns.units.length);
  const chosen = unitsInView();
  const isAnything = chosen.rows.length + chosen.columns.length > 0;
  const heads = headsInView();
  const shares = sharesInView(chosen);
  // Which colour is whose: a row of as many heads as have room.
  const across = 7;
  const first = heads.length > 1 ? Math.ceil(heads.length / across) * 18 + 8 : 0;
  const own = [chosen.rows, chosen.columns];
  return { height: first + count * height, caption: `${lineCaption()}${isAnything && heads.length > 1 ? ` Numbers are of the ${state.combine} of the heads.` : ""}`, paint(painter) {
    const ink = inks();
    if (heads.length > 1) heads.forEach((head, place) => {
      const [x, y] = [MARGIN + (place % across) * 118, Math.floor(place / across) * 18];
      painter.box(x, y, 10, 10, headColor(head));
      painter.text(x + 15, y + 5, headName(head), { color: ink.ink, size: 11 });
    });
    [shape.rows, shape.columns].forEach(({ units }, side) => units.forEach((unit, index) => {
      const [y, band] = [first + (index + 0.5) * height, shares[side]];
      const bold = own[side].includes(index);
      const color = bold ? ink.accent : unit.special ? ink.faint : ink.ink;
      painter.text(side ? 230 + middle : 210, y, fitting(unit.label, 140, 13), { color, align: side ? "left" : "right", size: 13, bold });
      if (band && band.high[index] > band.low[index]) painter.text(side ? SHEET - MARGIN : MARGIN, y, written(band, index), { color: ink.faint, align: side ? "right" : "left", size: 10 });
    }));
    paintLines(shifted(painter, 220, first), middle, height, isAnything ? chosen : null);
  } };
}

/** The text. @returns {Figure} */
function textFigure() {
  const { values, caption } = shadesInView();
  const texts = /** @type {(0 | 1)[]} */ (IS_SQUARE ? [1] : [0, 1]);
  const all = texts.flatMap((side) => [...(values[side]?.values || [])]);
  const most = Math.max(...all.map(Math.abs), 1e-9);
  /** @type {{x: number, y: number, wide: number, label: string, value: number | null, text: string}[]} */
  const words = [];
  let [x, y] = [MARGIN, 8];
  for (const side of texts) {
    (side === 0 ? shape.rows : shape.columns).units.forEach((unit, index, units) => {
      const band = values[side];
      const share = band ? band.values[index] : null;
      const value = share !== null && canBeSeen(share, most) ? share : null;
      const label = fitting(unit.label, SHEET - 2 * MARGIN - 12, 14);
      const text = band && value !== null ? written(band, index) : "";
      const wide = Math.max(widthOf(label, 14) + 12, widthOf(text, 9) + 4);
      if (x + wide > SHEET - MARGIN || (index > 0 && unit.segment !== units[index - 1].segment)) [x, y] = [MARGIN, y + 46];
      words.push({ x, y, wide, label, value, text });
      x += wide + 6;
    });
    [x, y] = [MARGIN, y + 52];
  }
  const { place } = colorScale(most, maximumOfAll);
  return { height: y, caption, paint(painter) {
    const ink = inks();
    for (const word of words) {
      const [paper, over] = word.value === null ? [ink.paper, ink.ink] : colorAt(place(word.value));
      painter.box(word.x, word.y, word.wide, 24, paper);
      painter.text(word.x + word.wide / 2, word.y + 12, word.label, { color: over, size: 14, align: "center" });
      if (word.value !== null) painter.text(word.x + word.wide / 2, word.y + 32, word.text, { color: ink.faint, size: 9, align: "center" });
    }
  } };
}

/** The map. @returns {Figure} */
function mapFigure() {
  const layout = mapLayout(SHEET, 1400);
  const { low, high } = mapScale();
  const held = cellsInView().map(describedCell).map(({ from, to, value, sides, rank }) => `${isolated(from)} → ${isolated(to)}: ${[value, sides, rank].filter(Boolean).join(", ")}`);
  const told = held.length ? ` Held: ${held.join("; ")}.` : "";
  return { height: layout.height, caption: `Colours from ${endText(low)} to ${endText(high)}${state.color === "logarithmic" ? ", logarithmic" : ""}.${told}`, paint(painter) {
    paintMap(painter, layout);
    paintMarks(painter, layout);
  } };
}

/** The numbers of the view as a table, each with how far it is from the exact one at
 * most. */
function csvOfView() {
  const { rows, columns } = shape;
  const map = currentMap();
  const width = columns.units.length;
  /** @type {(string | number)[][]} */
  let lines;
  const names = [DATA.compared ? ["left", "right", "right_minus_left"][sideInView()] : "attention", "error"];
  const link = (/** @type {number} */ row, /** @type {number} */ column, band = bandInView(row)) => {
    const [from, to] = [rows.units[row], columns.units[column]];
    return [from.first, from.label, to.first, to.label, ...tabled(band, column)];
  };
  if (state.view === "neurons") lines = neuronTable();
  else if (state.view === "heads") {
    const unlike = unlikenessInView();
    lines = [["layer", "head", ...DATA.scores.map((score) => score.name), ...(unlike && state.alike !== null ? [`unlike_${HEADS[state.alike].layer}.${HEADS[state.alike].head}`] : [])]];
    for (const index of sortedHeads()) {
      const { layer, head } = HEADS[index];
      lines.push([layer, head, ...DATA.scores.map((score) => score.values[index] ?? ""), ...(unlike ? [+unlike[index].toPrecision(4)] : [])]);
    }
  } else if (state.view === "links") {
    lines = [["query", "query_label", "key", "key_label", ...names]];
    for (const { row, column } of sortedLinks()) lines.push(link(row, column));
  } else if (state.view === "text") {
    const { values } = shadesInView();
    lines = [["side", "position", "label", ...names]];
    values.forEach((shades, side) => {
      if (shades) (side === 0 ? rows : columns).units.forEach((unit, index) => lines.push([side === 0 ? "query" : "key", unit.first, unit.label, ...tabled(shades, index)]));
    });
  } else if (state.view === "lines") {
    const chosen = unitsInView();
    const isAnything = chosen.rows.length + chosen.columns.length > 0;
    lines = [["layer", "head", "query", "query_label", "key", "key_label", ...names]];
    for (const head of headsInView()) {
      for (const { row, column } of linesOf(head, isAnything ? chosen : null)) lines.push([HEADS[head].layer, HEADS[head].head, ...link(row, column, bandInView(row, sideInView(), [head]))]);
    }
  } else {
    lines = [["query", "query_label", "key", "key_label", ...names]];
    rows.units.forEach((_, row) => columns.units.forEach((_, column) => {
      const cell = row * width + column;
      if (!Number.isNaN(map[cell]) && (!heat.kept || heat.kept[cell])) lines.push(link(row, column));
    }));
  }
  return `${lines.map((line) => line.map(csvField).join(",")).join("\n")}\n`;
}
