// What can be taken along: the view as SVG, PNG and CSV, and the command that makes
// the scores again.

/** What a file of this view is called, without its ending. */
function fileStem() {
  const name = `${state.quantity}-${fieldInView()}`.replace(/[^A-Za-z0-9_-]+/g, "-");
  const { layer, head } = HEADS[lastHead()];
  return ["head", "inputs"].includes(state.view) ? `${state.view}-layer-${layer}-head-${head}` : state.view === "relations" ? "relations" : `${state.view}-${name}`;
}

/** Whether the view is a drawing, and not a table or texts alone. */
function hasPicture() {
  return ["heads", "layers"].includes(state.view);
}

/**
 * The view as a drawing: its size, and what draws it.
 * @returns {{width: number, height: number, paint: (painter: Painter) => void}}
 */
function drawing() {
  const title = (/** @type {Painter} */ painter) => {
    const ink = inks();
    painter.text(16, 22, shortened(nameInView(), 90), { color: ink.ink, size: 15, bold: true });
    painter.text(16, 42, shortened(`${DATA.model} · over ${counted(DATA.inputs, "input")}`, 110), { color: ink.faint, size: 12 });
  };
  const top = 64;
  if (state.view === "layers") {
    return { width: 860, height: top + 380, paint(painter) {
      title(painter);
      paintProfile(shifted(painter, 0, top), 860, 360);
    } };
  }
  const [left, rows, columns] = [48, DATA.layers.length, overview.columns.length];
  const cell = clamp(Math.floor(800 / columns), 8, 46);
  const height = top + 20 + rows * cell + 56;
  return { width: Math.max(420, left + columns * cell + 16), height, paint(painter) {
    title(painter);
    const [ink, numbers, scale] = [inks(), numbersInView(), headScale()];
    const every = Math.ceil(22 / cell);
    overview.columns.forEach((head, column) => {
      if (column % every === 0) painter.text(left + (column + 0.5) * cell, top + 8, String(head), { color: ink.faint, size: 11, align: "center" });
    });
    DATA.layers.forEach(({ layer }, row) => {
      if (row % every === 0) painter.text(left - 8, top + 20 + (row + 0.5) * cell, String(layer), { color: ink.faint, size: 11, align: "right" });
    });
    HEADS.forEach(({ row, head: number }, head) => {
      const [x, y] = [left + overview.columns.indexOf(number) * cell, top + 20 + row * cell];
      if (Number.isNaN(numbers[head])) return;
      const [paper, over] = colorAt(scale.place(numbers[head]), colorTable());
      painter.box(x + 1, y + 1, cell - 2, cell - 2, paper);
      if (cell >= 26) painter.text(x + cell / 2, y + cell / 2, briefText(numbers[head]), { color: over, size: 11, align: "center" });
      if (state.heads.includes(head)) painter.frame(x + 1, y + 1, cell - 2, cell - 2, ink.accent, 3);
    });
    const bottom = height - 28;
    for (let step = 0; step < 40; step += 1) painter.box(left + step * 3, bottom - 6, 3, 12, colorAt(step / 39, colorTable())[0]);
    painter.text(left + 130, bottom, scaleText(scale), { color: ink.faint, size: 11 });
  } };
}

/** The numbers of the view as a table. */
function csvOfView() {
  const place = (/** @type {number} */ head) => [HEADS[head].layer, HEADS[head].head];
  const number = (/** @type {number} */ value) => exactText(value);
  const { fields, id, relation } = quantityInView();
  const names = [...fields.keys()];
  /** @type {(string | number)[][]} */
  let lines;
  if (state.view === "head") {
    lines = [["layer", "head", "score", ...SCORE_FIELDS]];
    for (const head of state.heads) {
      for (const quantity of QUANTITIES.filter(({ score }) => score)) lines.push([...place(head), quantity.id, ...SCORE_FIELDS.map((field) => number(numbersOfField(quantity, field)[head]))]);
    }
    // A table of its own below, where there are relations.
    if (DATA.relations.length) lines.push(["layer", "head", "relation", ...RELATION_FIELDS, "words"]);
    for (const head of DATA.relations.length ? state.heads : []) {
      for (const quantity of QUANTITIES) {
        if (quantity.relation) lines.push([...place(head), quantity.name, ...RELATION_FIELDS.map((field) => number(numbersOfField(quantity, field)[head])), quantity.relation.words]);
      }
    }
  } else if (state.view === "layers") {
    const numbers = numbersInView();
    lines = [["layer", "mean", "least", "least_head", "greatest", "greatest_head"]];
    for (const { layer, mean, least, greatest } of layersInView()) lines.push([layer, number(mean), ...(least < 0 ? ["", "", "", ""] : [number(numbers[least]), HEADS[least].head, number(numbers[greatest]), HEADS[greatest].head])]);
  } else if (state.view === "inputs") {
    lines = [["score", "layer", "head", "end", "value", "id", "text", "pair"]];
    endsInView().forEach((end, side) => end.forEach(([input, value]) => {
      const { id: name, text, pair } = examples.inputs[input];
      lines.push([id, ...place(lastHead()), side ? "least" : "most", number(value), name, text ?? "", pair ?? ""]);
    }));
  } else if (state.view === "relations") {
    lines = [["relation", "words", "layer", "head", "direction", "share", "best_offset", "offset_share", "left_out"]];
    for (const quantity of QUANTITIES) {
      if (!quantity.relation) continue;
      const [best, offset] = [bestOf(quantity), bestOffset(quantity.relation)];
      lines.push([quantity.name, quantity.relation.words, ...place(best.head), best.direction, number(best.share), offset.offset, number(offset.share), quantity.relation.left_out]);
    }
  } else {
    // What the heads are sorted by is in it.
    const unlike = sortInView() === "unlike" ? unlikeInView() : null;
    lines = [["layer", "head", ...(unlike ? ["unlike"] : []), relation ? "relation" : "score", ...names]];
    for (const head of headsInOrder()) lines.push([...place(head), ...(unlike ? [number(unlike[head])] : []), relation ? quantityInView().name : id, ...names.map((name) => number(numbersOfField(quantityInView(), name)[head]))]);
  }
  return `${lines.map((line) => line.map(csvField).join(",")).join("\n")}\n`;
}

/** The command that makes the scores again. */
function commandInView() {
  return ["attnviz", ...DATA.command.map(quoted)].join(" ");
}
