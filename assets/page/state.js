// What the page shows, what the pointer is on, and the address that keeps it.

/**
 * @typedef {object} State
 * @property {string} view
 * @property {number[]} heads chosen, by their places in HEADS; at least one
 * @property {string} combine mean, max or sum of several heads
 * @property {string} direction from, to or both
 * @property {number[]} units locked, by their first units in the stream
 * @property {[number, number] | null} cell locked last, likewise
 * @property {[number, number][]} more cells that are locked as well
 * @property {number} min what a link has at least
 * @property {number} mass the share of a row that its strongest links make up
 * @property {string} pair all, AA, AB, BA or BB
 * @property {string} special keep, hide or renormalize
 * @property {string} sink keep or hide
 * @property {string} tokens subword or word
 * @property {[number, number] | null} window a stretch of the stream
 * @property {[number, number, number, number] | null} zoom rows and columns of the map, from and up to
 * @property {string} scale auto, head, unit or run
 * @property {string} color linear or logarithmic
 * @property {number | null} vmin
 * @property {number | null} vmax
 * @property {string} map the colours
 * @property {boolean} invert
 * @property {string} theme auto, light or dark
 * @property {string} score that the heads are sorted by
 * @property {number | null} alike the head that they are sorted by their likeness to
 * @property {string} turned yes where the table of heads is turned around
 * @property {string} links best: the strongest link of every query; all: every link
 * @property {string} by the column that links are sorted by
 * @property {string} order down or up, of links
 * @property {number | null} key whose dimensions are listed
 * @property {string} side of a comparison: left, right or difference
 * @property {string} grid what the overview shows: small maps, or a number of each head
 */

const VIEWS = ["map", "lines", "text", "links", "heads", ...(DATA.neurons ? ["neurons"] : [])];
const NUMBER_OF_SCORES = DATA.scores.length;

/** The heads by what sorts a comparison: of equal ones the first. */
const MOST_CHANGED = (() => {
  const values = DATA.scores.find(({ name }) => name === DATA.compared?.measure)?.values || [];
  return values.reduce((/** @type {number} */ most, value, head) => (Math.abs(value ?? 0) > Math.abs(values[most] ?? 0) ? head : most), 0);
})();

/** What is shown where nobody chose. @type {State} */
const DEFAULTS = {
  view: "map",
  heads: [MOST_CHANGED],
  combine: "mean",
  direction: "from",
  units: [],
  cell: null,
  more: [],
  min: 0,
  mass: 1,
  pair: "all",
  special: DATA.options.special,
  sink: DATA.options.sink,
  tokens: DATA.options.tokens,
  window: DATA.options.crop,
  zoom: null,
  scale: DATA.options.scale || "auto",
  color: DATA.options.color_scale,
  vmin: DATA.options.vmin,
  vmax: DATA.options.vmax,
  map: DATA.options.colormap,
  invert: DATA.options.invert,
  theme: DATA.options.theme || "auto",
  score: DATA.compared?.measure || (NUMBER_OF_SCORES ? DATA.scores[0].name : ""),
  alike: null,
  turned: "no",
  links: "best",
  by: "value",
  order: "down",
  key: null,
  side: DATA.compared ? "difference" : "left",
  grid: DATA.compared?.measure || "maps",
};

/** @type {State} */
const state = { ...DEFAULTS };

/** Choices of fields that have names. @type {Record<string, string[]>} */
const CHOICES = {
  view: VIEWS,
  combine: ["mean", "max", "sum"],
  direction: IS_SQUARE ? ["from", "to", "both"] : ["from", "to"],
  pair: ["all", "AA", "AB", "BA", "BB"],
  special: ["keep", "hide", "renormalize"],
  sink: ["keep", "hide"],
  tokens: ["subword", "word"],
  scale: ["auto", "head", "unit", "run"],
  color: ["linear", "logarithmic"],
  map: DATA.colormaps.map(([name]) => name),
  theme: ["auto", "light", "dark"],
  score: DATA.scores.map((score) => score.name),
  turned: ["no", "yes"],
  links: ["best", "all"],
  by: ["value", "from", "to", "distance"],
  order: ["down", "up"],
  side: DATA.compared ? ["left", "right", "difference"] : ["left"],
  grid: ["maps", ...(DATA.compared ? DATA.scores.map((score) => score.name) : [])],
};

/** What the pointer is on: a head, a cell as shown, a unit as shown. */
const hover = {
  /** @type {number | null} */ head: null,
  /** @type {[number, number] | null} */ cell: null,
  /** @type {{side: 0 | 1, index: number} | null} */ unit: null,
};

/** The heads that are looked at: under the pointer, or chosen. */
function headsInView() {
  return hover.head === null ? state.heads : [hover.head];
}

/** The layer of the head that was chosen last. */
function layerInView() {
  return HEADS[state.heads[state.heads.length - 1]].row;
}

/**
 * Numbers with something between.
 * @param {string | null} text
 * @returns {number[]}
 */
function numbersOf(text) {
  return /^\d+([-,]\d+)*$/.test(text || "") ? (text || "").split(/[-,]/).map(Number) : [];
}

/** The state as the address has it, what is usual left out. */
function writtenState() {
  const fields = new Map();
  const layers = new Set(state.heads.map((head) => HEADS[head].row));
  if (HAS_LIST) fields.set("input", encodeURIComponent(idOf(OPENED)));
  fields.set("view", state.view);
  if (layers.size === 1) {
    fields.set("layer", HEADS[state.heads[0]].layer);
    fields.set("heads", state.heads.map((head) => HEADS[head].head).join(","));
  } else {
    fields.set("heads", state.heads.map((head) => `${HEADS[head].layer}.${HEADS[head].head}`).join(","));
  }
  if (state.units.length) fields.set("unit", state.units.join(","));
  if (state.cell) fields.set("cell", [...state.more, state.cell].join(","));
  if (state.units.length || state.direction !== DEFAULTS.direction) fields.set("direction", state.direction);
  if (state.window !== DEFAULTS.window) fields.set("window", state.window ? state.window.join("-") : "all");
  if (state.zoom) fields.set("zoom", `${state.zoom[0]}-${state.zoom[1]},${state.zoom[2]}-${state.zoom[3]}`);
  for (const name of /** @type {const} */ (["combine", "pair", "special", "sink", "tokens", "scale", "color", "map", "theme", "score", "turned", "links", "by", "order", "side", "grid"])) {
    if (state[name] !== DEFAULTS[name]) fields.set(name, state[name]);
  }
  for (const name of /** @type {const} */ (["min", "mass", "vmin", "vmax"])) {
    if (state[name] !== DEFAULTS[name]) fields.set(name, state[name] === null ? "auto" : state[name]);
  }
  if (state.alike !== null) fields.set("alike", `${HEADS[state.alike].layer}.${HEADS[state.alike].head}`);
  if (state.key !== null) fields.set("key", state.key);
  if (state.invert !== DEFAULTS.invert) fields.set("invert", state.invert ? "yes" : "no");
  return [...fields].map(([name, value]) => `${name}=${value}`).join("&");
}

/**
 * Takes what an address says; what makes no sense keeps its default.
 * @param {string} address
 */
function readState(address) {
  const fields = new URLSearchParams(address.replace(/^#/, ""));
  Object.assign(state, DEFAULTS);
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = fields.get(name);
    if (value !== null && choices.includes(value)) /** @type {any} */ (state)[name] = value;
  }
  const layer = Number(fields.get("layer") ?? NaN);
  const heads = (fields.get("heads") || "").split(",").map((text) => {
    if (!/^\d+(\.\d+)?$/.test(text)) return -1;
    const [first, second] = text.split(".");
    return second === undefined ? findHead(layer, Number(first || NaN)) : findHead(Number(first), Number(second));
  });
  const found = heads.filter((head) => head >= 0);
  const ofLayer = HEADS.findIndex((head) => head.layer === layer);
  state.heads = found.length ? [...new Set(found)] : ofLayer < 0 ? DEFAULTS.heads : [ofLayer];
  const longest = IS_SQUARE ? QUERIES : Math.max(QUERIES, KEYS);
  state.units = [...new Set(numbersOf(fields.get("unit")))].filter((unit) => unit < longest);
  const cell = numbersOf(fields.get("cell"));
  /** @type {[number, number][]} */
  const cells = [];
  for (let at = 0; at + 1 < cell.length; at += 2) if (cell[at] < QUERIES && cell[at + 1] < KEYS && !cells.some((other) => other[0] === cell[at] && other[1] === cell[at + 1])) cells.push([cell[at], cell[at + 1]]);
  state.cell = cells.pop() ?? null;
  state.more = cells;
  const [key] = numbersOf(fields.get("key"));
  if (key < KEYS) state.key = key;
  const [layerAlike, headAlike] = (/^\d+\.\d+$/.exec(fields.get("alike") || "")?.[0] || "").split(".").map(Number);
  const alike = findHead(layerAlike, headAlike);
  if (alike >= 0) state.alike = alike;
  const stretch = numbersOf(fields.get("window"));
  if (fields.get("window") === "all") state.window = null;
  if (stretch.length === 2 && stretch[0] <= stretch[1] && stretch[1] < QUERIES && IS_SQUARE) state.window = [stretch[0], stretch[1]];
  const zoom = numbersOf(fields.get("zoom"));
  state.zoom = zoom.length === 4 && zoom[0] < zoom[1] && zoom[2] < zoom[3] ? [zoom[0], zoom[1], zoom[2], zoom[3]] : null;
  const number = (/** @type {string} */ name) => (fields.get(name) === null || fields.get(name) === "" ? NaN : Number(fields.get(name)));
  if (number("min") >= 0 && Number.isFinite(number("min"))) state.min = number("min");
  if (number("mass") > 0 && number("mass") <= 1) state.mass = number("mass");
  for (const name of /** @type {const} */ (["vmin", "vmax"])) {
    if (Number.isFinite(number(name))) state[name] = number(name);
    else if (fields.get(name) === "auto") state[name] = null;
  }
  // Colours go from less to more.
  const isUpward = state.vmin === null ? state.vmax === null || state.vmax > 0 : state.vmax === null || state.vmin < state.vmax;
  if (!isUpward) Object.assign(state, { vmin: DEFAULTS.vmin, vmax: DEFAULTS.vmax });
  if (fields.has("invert")) state.invert = fields.get("invert") === "yes";
}

/**
 * Locks a unit, or frees one that is locked.
 * @param {number} unit its first unit in the stream
 * @param {string} direction
 * @param {boolean} adds
 */
function lockUnit(unit, direction, adds) {
  const isSame = state.direction === direction;
  // A piece that was chosen by itself is its word where words are shown.
  const axis = direction === "to" ? shape.columns : shape.rows;
  const isThis = (/** @type {number} */ other) => axis.place[other] === axis.place[unit];
  const held = isSame && state.units.some(isThis);
  const others = adds && isSame ? state.units.filter((other) => !isThis(other)) : [];
  update({ direction, cell: null, units: held ? others : [...others, unit] });
  say(`${axis.units[axis.place[unit]].label} ${held ? "let go" : "held"}`);
}

/** Frees what is locked. */
function free() {
  Object.assign(hover, { head: null, cell: null, unit: null });
  update({ units: [], cell: null });
  say("nothing locked");
}

/**
 * The units that are looked at, as rows or columns that are shown.
 * @returns {{rows: number[], columns: number[]}}
 */
function unitsInView() {
  /** @type {number[]} */
  const rows = [];
  /** @type {number[]} */
  const columns = [];
  if (hover.unit) {
    const { side, index } = hover.unit;
    if (side === 0) rows.push(index);
    else columns.push(index);
    if (state.direction === "both") (side === 0 ? columns : rows).push(index);
    return { rows, columns };
  }
  if (hover.cell) return { rows: [hover.cell[0]], columns: [] };
  for (const unit of state.units) {
    const [row, column] = [shape.rows.place[unit], shape.columns.place[unit]];
    if (state.direction !== "to" && row >= 0) rows.push(row);
    if (state.direction !== "from" && column >= 0) columns.push(column);
  }
  if (!rows.length && !columns.length && state.cell) {
    const row = shape.rows.place[state.cell[0]];
    if (row >= 0) rows.push(row);
  }
  return { rows, columns };
}

/** The cell that is looked at, as it is shown. @returns {[number, number] | null} */
function cellInView() {
  if (hover.cell) return hover.cell;
  if (!state.cell) return null;
  const [row, column] = [shape.rows.place[state.cell[0]], shape.columns.place[state.cell[1]]];
  return row >= 0 && column >= 0 ? [row, column] : null;
}

/** The cells that are looked at or held, as they are shown. @returns {[number, number][]} */
function cellsInView() {
  const last = cellInView();
  const others = hover.cell ? [] : state.more.map(([row, column]) => /** @type {[number, number]} */ ([shape.rows.place[row], shape.columns.place[column]]));
  return [...others.filter(([row, column]) => row >= 0 && column >= 0), ...(last ? [last] : [])];
}
