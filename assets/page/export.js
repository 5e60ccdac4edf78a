// What can be taken along: the view as SVG, PNG and CSV, and the command that
// draws it again.

/** What a file of this view is called, without its ending. */
function fileStem() {
  const heads = state.heads.length === 1 ? `layer-${HEADS[state.heads[0]].layer}-head-${HEADS[state.heads[0]].head}` : `${state.combine}-of-${state.heads.length}-heads`;
  return `${state.view}-${heads}${DATA.compared ? `-${state.side}` : ""}`;
}

/**
 * The view as a drawing: its size, and what draws it.
 * @returns {{width: number, height: number, paint: (painter: Painter) => void}}
 */
function drawing() {
  const title = (/** @type {Painter} */ painter) => {
    const ink = inks();
    painter.text(16, 22, shortened(DATA.captions.join(" / "), 90), { color: ink.ink, size: 15, bold: true });
    const names = state.heads.map(headName).join("; ");
    const heads = state.heads.length === 1 || state.view === "lines" ? names : `${state.combine} of ${names}`;
    painter.text(16, 42, shortened(`${DATA.model} · ${heads}${DATA.compared ? ` · ${valueName()}` : ""}`, 110), { color: ink.faint, size: 12 });
  };
  const [width, top] = [860, 60];
  if (state.view === "lines") {
    const [height, middle] = [lineHeight(), 420];
    const count = Math.max(shape.rows.units.length, shape.columns.units.length);
    const chosen = unitsInView();
    const isAnything = chosen.rows.length + chosen.columns.length > 0;
    const heads = headsInView();
    // Which colour is whose: a row of as many heads as have room.
    const across = 7;
    const first = heads.length > 1 ? top + Math.ceil(heads.length / across) * 18 + 8 : top;
    return { width, height: first + count * height + 20, paint(painter) {
      title(painter);
      const ink = inks();
      if (heads.length > 1) heads.forEach((head, place) => {
        const [x, y] = [16 + (place % across) * 118, top + Math.floor(place / across) * 18];
        painter.box(x, y, 10, 10, headColor(head));
        painter.text(x + 15, y + 5, headName(head), { color: ink.ink, size: 11 });
      });
      shape.rows.units.forEach((unit, index) => painter.text(210, first + (index + 0.5) * height, shortened(unit.label, 26), { color: chosen.rows.includes(index) ? ink.accent : ink.ink, align: "right", size: 13, bold: chosen.rows.includes(index) }));
      shape.columns.units.forEach((unit, index) => painter.text(230 + middle, first + (index + 0.5) * height, shortened(unit.label, 26), { color: ink.ink, size: 13, bold: chosen.columns.includes(index) }));
      paintLines(shifted(painter, 220, first), middle, height, isAnything ? chosen : null);
    } };
  }
  if (state.view === "text") {
    const { values, caption } = shadesInView();
    const texts = /** @type {(0 | 1)[]} */ (IS_SQUARE ? [1] : [0, 1]);
    /** @type {{x: number, y: number, wide: number, label: string, value: number | null, text: string}[]} */
    const words = [];
    let [x, y] = [16, top + 8];
    for (const side of texts) {
      (side === 0 ? shape.rows : shape.columns).units.forEach((unit, index, units) => {
        const wide = [...unit.label].length * 8.2 + 12;
        if (x + wide > width - 16 || (index > 0 && unit.segment !== units[index - 1].segment)) [x, y] = [16, y + 46];
        const shades = values[side];
        words.push({ x, y, wide, label: unit.label, value: shades ? shades.values[index] : null, text: shades ? written(shades, index) : "" });
        x += wide + 6;
      });
      [x, y] = [16, y + 60];
    }
    const most = Math.max(...words.map((word) => Math.abs(word.value || 0)), 1e-9);
    const { place } = colorScale(most, maximumOfAll);
    return { width, height: y + 20, paint(painter) {
      title(painter);
      const ink = inks();
      for (const word of words) {
        const isShaded = word.value !== null && canBeSeen(word.value, most);
        const [paper, over] = isShaded ? colorAt(place(word.value || 0)) : [ink.paper, ink.ink];
        painter.box(word.x, word.y, word.wide, 24, paper);
        painter.text(word.x + word.wide / 2, word.y + 12, word.label, { color: over, size: 14, align: "center" });
        if (isShaded) painter.text(word.x + word.wide / 2, word.y + 32, word.text, { color: ink.faint, size: 9, align: "center" });
      }
      painter.text(16, y, shortened(caption, 130), { color: ink.faint, size: 12 });
    } };
  }
  const layout = mapLayout(width, 1400);
  return { width, height: top + layout.height + 24, paint(painter) {
    title(painter);
    paintMap(shifted(painter, 0, top), layout);
    const { low, high } = mapScale();
    painter.text(16, top + layout.height + 12, `colours from ${endText(low)} to ${endText(high)}${state.color === "logarithmic" ? ", logarithmic" : ""}`, { color: inks().faint, size: 11 });
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
    lines = [["layer", "head", ...DATA.scores.map((score) => score.name)]];
    HEADS.forEach(({ layer, head }, index) => lines.push([layer, head, ...DATA.scores.map((score) => score.values[index] ?? "")]));
  } else if (state.view === "links") {
    lines = [["query", "query_label", "key", "key_label", ...names]];
    for (const { row, column } of strongestLinks()) lines.push(link(row, column));
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

/** The command that draws what is shown, as near as the command line comes. */
function commandInView() {
  if (!DATA.command.length) return "";
  if (DATA.compared) return ["attnviz", ...DATA.command.map(quoted)].join(" ");
  const [command, text, ...options] = DATA.command;
  const lists = { layers: new Set(state.heads.map((head) => HEADS[head].layer)), heads: new Set(state.heads.map((head) => HEADS[head].head)) };
  const add = (/** @type {string} */ name, /** @type {string | number} */ value) => options.push(`--${name}`, String(value));
  for (const [name, numbers] of Object.entries(lists)) add(name, [...numbers].sort((left, right) => left - right).join(","));
  const unit = state.units[0] ?? (state.view === "text" ? state.cell?.[0] : undefined);
  const isOfUnit = unit !== undefined && state.view !== "map";
  const ofUnit = state.direction === "to" ? "to" : state.view === "text" ? "text" : "from";
  const plain = { lines: "lines", text: "text", heads: "scores" }[state.view];
  const several = state.heads.length > 1 ? (state.combine === "max" ? "max" : "mean") : "heads";
  const isAsItStands = state.view === "heads" || state.view === "lines" || !isOfUnit;
  add("views", isAsItStands ? plain || several : `${ofUnit}:@${unit}`);
  if (state.view === "links") add("top-k", 20);
  if (state.tokens !== "subword") add("tokens", state.tokens);
  if (state.special !== "keep") add("special-tokens", state.special);
  if (state.sink !== "keep") add("sink", state.sink);
  if (state.window) add("crop", state.window.join("-"));
  if (["head", "unit", "run"].includes(state.scale)) add("scale", state.scale);
  if (state.color !== "linear") add("color-scale", state.color);
  // A negative number would be taken for an option.
  for (const name of /** @type {const} */ (["vmin", "vmax"])) if (state[name] !== null) options.push(`--${name}=${state[name]}`);
  if (state.map !== CHOICES.map[0]) add("colormap", state.map);
  if (state.invert) options.push("--invert");
  if (themeInView() === "dark") add("theme", "dark");
  return commandOf([command], options, text);
}

/** What is to be known of the command: where it is run, and what it draws otherwise. */
function commandNote() {
  if (!DATA.command.length) return "";
  const where = DATA.place ? [`Run it ${DATA.place}.`] : [];
  if (DATA.compared) return where.join(" ");
  const several = state.heads.length > 1;
  const layers = new Set(state.heads.map((head) => HEADS[head].layer));
  const numbers = new Set(state.heads.map((head) => HEADS[head].head));
  const isOneMap = several && !["heads", "lines", "neurons"].includes(state.view);
  const otherwise = [
    isOneMap && state.combine === "sum" && "the mean of the heads in place of their sum",
    several && layers.size * numbers.size !== state.heads.length && "all of these heads in each of these layers",
    isOneMap && layers.size > 1 && "also the mean or maximum of each layer",
    (state.min > 0 || state.mass < 1 || state.pair !== "all") && state.view !== "heads" && "links that the filters leave out",
    state.zoom && state.view === "map" && "all of the map",
    (state.units.length > 1 || (state.units.length > 0 && state.direction === "both")) && ["text", "links"].includes(state.view) && "the first chosen token alone",
    state.view === "neurons" && "the map of the head in place of its queries and keys",
  ].filter(Boolean);
  return [...where, ...(otherwise.length ? [`It draws ${otherwise.join("; ")}.`] : [])].join(" ");
}
