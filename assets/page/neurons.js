// How a head comes to its numbers: query · key by dimension, scaled, softmax,
// what each value weighs. Of runs that were made with --neurons.

/** Of each layer its half floats, unpacked when first asked for. @type {Map<number, Uint16Array | null>} */
const HALVES = new Map();

const cells = { /** What the view shows now. */ look: "" };

/**
 * The number of a half float.
 * @param {number} bits
 */
function halfFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * 65504;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

/**
 * The numbers of a layer; null until they are unpacked, and then it draws again.
 * @param {number} row
 */
function halvesOf(row) {
  const held = HALVES.get(row);
  if (held !== undefined) return held;
  HALVES.set(row, null);
  void inflated(`neurons-${row}`).then((bytes) => {
    HALVES.set(row, new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1));
    redraw();
  });
  return null;
}

/**
 * The query of a unit with every key, step by step.
 * @typedef {object} Worked
 * @property {number[]} query
 * @property {number[][]} keys
 * @property {{dot: number, score: number, softmax: number, attention: number, norm: number}[]} steps by key
 * @property {Band} band what it gives
 * @property {number} scale
 */

/**
 * @param {number} head
 * @param {number} unit of the stream
 * @returns {Worked | null}
 */
function workedExample(head, unit) {
  const { row, slot } = HEADS[head];
  const halves = halvesOf(row);
  const shapeOf = DATA.neurons;
  if (!halves || !shapeOf) return null;
  const { size, scales } = shapeOf;
  const count = DATA.layers[row].heads.length;
  const vector = (/** @type {number} */ block, /** @type {number} */ place) =>
    Array.from(halves.subarray(block * count * KEYS * size + (slot * KEYS + place) * size).subarray(0, size), halfFloat);
  const query = vector(0, unit);
  const band = rawBand(head, unit, 0);
  const keys = Array.from({ length: KEYS }, (_, key) => vector(1, key));
  const steps = keys.map((key, index) => {
    const dot = key.reduce((sum, value, dimension) => sum + value * query[dimension], 0);
    const norm = halfFloat(halves[2 * count * KEYS * size + slot * KEYS + index]);
    return { dot, score: dot * scales[row], softmax: 0, attention: band.values[index], norm };
  });
  const allowed = steps.filter((step) => !Number.isNaN(step.attention));
  const most = Math.max(...allowed.map((step) => step.score));
  const total = allowed.reduce((sum, step) => sum + Math.exp(step.score - most), 0);
  for (const step of allowed) step.softmax = Math.exp(step.score - most) / total;
  return { query, keys, steps, band, scale: scales[row] };
}

/** The unit whose query is worked out. */
function workedUnit() {
  if (hover.unit && hover.unit.side === 0) return shape.rows.units[hover.unit.index].first;
  const first = DATA.rows.aside.indexOf(0);
  return state.cell ? state.cell[0] : state.units[0] ?? Math.max(0, first);
}

/** Makes the figure. */
function makeNeurons() {
  const head = (/** @type {string[]} */ names) => make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
  const units = STREAMS[0].labels.map((label, unit) => /** @type {[string, string]} */ ([String(unit), `${isolated(label)} @${unit}`]));
  const query = /** @type {HTMLSelectElement} */ (make("select", { id: "neuron-unit", onchange: () => update({ units: [Number(query.value)], cell: null, direction: "from" }) },
    ...units.map(([value, name]) => make("option", { value }, name))));
  return make("section", { id: "view-neurons", class: "view", "aria-label": "Queries and keys" },
    make("p", { class: "row" }, make("label", {}, "query of ", query)),
    make("p", { id: "neuron-caption", class: "hint" }),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Query and keys, step by step" },
      make("table", { class: "neurons" }, head(["key", "query · key", "scaled", "softmax", "attention", "length of value", "weighted", "query × key, by dimension"]), make("tbody", { id: "neurons" }))),
    make("details", {}, make("summary", { id: "dimension-caption" }, "dimensions"),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Dimension by dimension" },
        make("table", {}, head(["dimension", "query", "key", "product"]), make("tbody", { id: "dimensions" })))));
}

/**
 * Bars up for products above 0, down for those below, a dimension each.
 * @param {number[]} products
 * @param {number} most
 */
function productBars(products, most) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { role: "img", "aria-label": `${products.filter((value) => value > 0).length} of ${products.length} dimensions raise the score` }));
  const [width, height] = [Math.min(256, products.length * 4), 30];
  const context = fitted(canvas, width, height);
  const ink = inks();
  products.forEach((value, dimension) => {
    const length = (Math.abs(value) / most) * (height / 2);
    context.fillStyle = value > 0 ? ink.key : ink.accent;
    context.fillRect((dimension * width) / products.length, value > 0 ? height / 2 - length : height / 2, Math.max(1, width / products.length - 1), length);
  });
  context.fillStyle = ink.rule;
  context.fillRect(0, height / 2, width, 0.5);
  return canvas;
}

/** Draws what changed. */
function drawNeurons() {
  const head = headsInView()[headsInView().length - 1];
  const unit = workedUnit();
  const worked = workedExample(head, unit);
  const key = state.cell ? state.cell[1] : state.key ?? -1;
  const look = [head, unit, key, Boolean(worked), themeInView()].join();
  if (look === cells.look) return;
  cells.look = look;
  /** @type {HTMLSelectElement} */ (byId("neuron-unit")).value = String(unit);
  if (!worked) return;
  const { query, keys, steps, band, scale } = worked;
  const label = isolated(STREAMS[0].labels[unit]);
  const products = keys.map((other) => other.map((value, dimension) => value * query[dimension]));
  const most = Math.max(...products.flat().map(Math.abs), 1e-9);
  const off = Math.max(...steps.map((step) => Math.abs((step.attention || 0) - step.softmax)));
  byId("neuron-caption").textContent = `How “${label}” divides its attention in ${headName(head)}: its query times each key, summed over ${query.length} dimensions, times ${threeDigits(scale)}, softmax over all keys that it may see.${off > 0.01 ? " This model adds something of its own to the scores, such as distances: its attention is not their softmax alone." : ""}`;
  const shown = key >= 0 && key < keys.length ? key : steps.reduce((best, step, index) => (step.softmax > steps[best].softmax ? index : best), 0);
  refill(byId("neurons"), steps.map((step, index) => {
    const isAllowed = !Number.isNaN(step.attention);
    // Attention has the digits that are sure, and so has what it weighs.
    const texts = [threeDigits(step.dot), threeDigits(step.score), ...(isAllowed ? [threeDigits(step.softmax), written(band, index, 0)] : ["–", "–"]), threeDigits(step.norm), isAllowed ? written(scaledBand(band, step.norm), index, 0) : "–"];
    return make("tr", { class: index === shown ? "chosen" : "", "data-key": index },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(index === shown), onclick: () => chooseKey(unit, index) }, make("bdi", {}, STREAMS[1].labels[index]), make("small", {}, ` @${index}`))),
      ...texts.map((text) => make("td", { class: "number" }, text)),
      make("td", {}, productBars(products[index], most)));
  }));
  byId("dimension-caption").textContent = `“${label}” and “${isolated(STREAMS[1].labels[shown])}”, dimension by dimension`;
  byId("dimensions").replaceChildren(...query.map((value, dimension) => make("tr", {},
    make("th", { scope: "row" }, String(dimension)),
    ...[value, keys[shown][dimension], products[shown][dimension]].map((number) => make("td", { class: "number" }, threeDigits(number))))));
}

/**
 * Lists the dimensions of a key.
 * @param {number} unit whose query it is
 * @param {number} key
 */
function chooseKey(unit, key) {
  update({ key, cell: null, units: [unit], direction: "from" });
  say(`${STREAMS[0].labels[unit]} and ${STREAMS[1].labels[key]}, dimension by dimension`);
}

/** The steps as a table, and the products that each begins with. @returns {(string | number)[][]} */
function neuronTable() {
  const worked = workedExample(state.heads[state.heads.length - 1], workedUnit());
  const { query = [], keys = [], steps = [] } = worked || {};
  // Attention has the digits that are sure, and what it weighs.
  const digits = (/** @type {number} */ value) => (Number.isNaN(value) ? "" : +value.toPrecision(4));
  /** @type {(string | number)[][]} */
  const lines = [["key", "key_label", "dot_product", "scaled", "softmax", "attention", "value_norm", "weighted", ...query.map((_, dimension) => `product_${dimension}`)]];
  steps.forEach(({ dot, score, softmax, attention, norm }, index) => {
    const attended = (/** @type {number} */ factor) => (worked ? tabled(scaledBand(worked.band, factor), index)[0] : "");
    const worth = [dot, score, Number.isNaN(attention) ? NaN : softmax].map(digits);
    const products = query.map((value, dimension) => digits(value * keys[index][dimension]));
    lines.push([index, STREAMS[1].labels[index], ...worth, attended(1), digits(norm), attended(norm), ...products]);
  });
  return lines;
}
