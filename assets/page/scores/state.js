// What the page shows, what the pointer is on, and the address that keeps it.

/**
 * @typedef {object} State
 * @property {string} view
 * @property {number[]} heads chosen, by their places in HEADS; at least one
 * @property {string} quantity the score or relation in view, by its id
 * @property {string} field what of it
 * @property {string} only all layers, or the one that the table shows
 * @property {string} sort what the table is sorted by
 * @property {string} order descending or ascending
 * @property {string} scale own or shared
 * @property {string} color linear or logarithmic
 * @property {string} map the colours
 * @property {boolean} invert
 * @property {string} theme auto, light or dark
 */

const VIEWS = ["heads", "head", "layers", "inputs", ...(DATA.relations.length ? ["relations"] : [])];

/** What is shown where nobody chose. @type {State} */
const DEFAULTS = {
  view: "heads",
  heads: [0],
  quantity: DATA.scores.length ? DATA.scores[0].name : "",
  field: "mean",
  only: "all",
  sort: "value",
  order: "descending",
  scale: "own",
  color: "linear",
  map: DATA.colormaps[0][0],
  invert: false,
  theme: "auto",
};

/** @type {State} */
const state = { ...DEFAULTS };

/** What the pointer is on. */
const hover = {
  /** @type {number | null} */ head: null,
};

/** Fields with names, and what they may be. @type {Record<string, string[]>} */
const CHOICES = {
  view: VIEWS,
  quantity: [...DATA.scores.map(({ name }) => name), ...DATA.relations.map(({ name }) => `relation:${name}`)],
  field: [...SCORE_FIELDS, ...RELATION_FIELDS],
  only: ["all", ...DATA.layers.map(({ layer }) => String(layer))],
  sort: ["value", "head", "unlike", ...SCORE_FIELDS, ...RELATION_FIELDS],
  order: ["descending", "ascending"],
  scale: ["own", "shared"],
  color: ["linear", "logarithmic"],
  map: DATA.colormaps.map(([name]) => name),
  theme: ["auto", "light", "dark"],
};

/** The score or relation in view. */
function quantityInView() {
  return QUANTITIES.find(({ id }) => id === state.quantity) || QUANTITIES[0];
}

/** What of it is in view. */
function fieldInView() {
  const { fields } = quantityInView();
  return fields.has(state.field) ? state.field : [...fields.keys()][0];
}

/** The numbers in view, by head. */
function numbersInView() {
  return numbersOfField(quantityInView(), fieldInView());
}

/** What the numbers in view are called. */
function nameInView() {
  const { name, relation } = quantityInView();
  return `${relation ? `${name}, ` : `${FIELD_NAMES[fieldInView()]} of `}${relation ? FIELD_NAMES[fieldInView()] : name}`;
}

/** The head that was chosen last. */
function lastHead() {
  return state.heads[state.heads.length - 1];
}

/** The head that is looked at: under the pointer, or chosen last. */
function headInView() {
  return hover.head ?? lastHead();
}

/** The state as the address has it, what is usual left out. */
function writtenState() {
  const fields = new Map();
  const layers = new Set(state.heads.map((head) => HEADS[head].row));
  fields.set("view", state.view);
  if (layers.size === 1) {
    fields.set("layer", HEADS[state.heads[0]].layer);
    fields.set("heads", state.heads.map((head) => HEADS[head].head).join(","));
  } else {
    fields.set("heads", state.heads.map((head) => `${HEADS[head].layer}.${HEADS[head].head}`).join(","));
  }
  for (const name of /** @type {const} */ (["quantity", "field", "only", "sort", "order", "scale", "color", "map", "theme"])) {
    if (state[name] !== DEFAULTS[name]) fields.set(name, encodeURIComponent(state[name]));
  }
  if (state.invert) fields.set("invert", "yes");
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
  // Heads without a layer are of the first.
  const layer = Number(fields.get("layer") ?? DATA.layers[0].layer);
  const heads = (fields.get("heads") || "").split(",").map((text) => {
    if (!/^\d+(\.\d+)?$/.test(text)) return -1;
    const [first, second] = text.split(".");
    return second === undefined ? findHead(layer, Number(first)) : findHead(Number(first), Number(second));
  });
  const found = heads.filter((head) => head >= 0);
  const ofLayer = HEADS.findIndex((head) => head.layer === layer);
  state.heads = found.length ? [...new Set(found)] : [Math.max(0, ofLayer)];
  state.invert = fields.get("invert") === "yes";
}
