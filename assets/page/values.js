// From compressed codes to values and ranks: the other side of
// src/render/page/encoding.rs.

/**
 * Values of all maps, layer by layer: their codes, the order of those that share
 * one, where each row's ties begin, and the signs of differences.
 * @typedef {object} Part
 * @property {string} prefix
 * @property {{bits: number, base: number}} coding
 * @property {Uint8Array[]} codes
 * @property {Uint8Array[]} ties
 * @property {(Uint32Array | undefined)[]} starts
 * @property {Uint8Array[]} signs
 * @property {Float32Array | null} values of all codes of 16 bits
 */

/**
 * @param {string} prefix
 * @param {{bits: number, base: number}} coding
 * @returns {Part}
 */
function emptyPart(prefix, coding) {
  return { prefix, coding, codes: [], ties: [], starts: [], signs: [], values: null };
}

/** The values of the run; of a comparison left, right and their difference. */
const PARTS = [emptyPart("", DATA), ...(DATA.compared ? [emptyPart("right-", DATA), emptyPart("difference-", DATA.compared.difference)] : [])];

/** Whose values are shown: the place of their part. */
function sideInView() {
  return DATA.compared ? CHOICES.side.indexOf(state.side) : 0;
}

/** The cells that a layer's mask allows: where each row begins and ends, and how
 * many cells stand before it.
 * @type {{from: Int32Array, to: Int32Array, before: Int32Array, cells: number}[]} */
const SHAPES = DATA.layers.map(({ mask: [behind, ahead] }) => {
  const shape = { from: new Int32Array(QUERIES), to: new Int32Array(QUERIES), before: new Int32Array(QUERIES), cells: 0 };
  for (let query = 0; query < QUERIES; query += 1) {
    shape.from[query] = behind === null ? 0 : clamp(query - behind, 0, KEYS);
    shape.to[query] = Math.max(shape.from[query], ahead === null ? KEYS : Math.min(KEYS, query + ahead + 1));
    shape.before[query] = shape.cells;
    shape.cells += shape.to[query] - shape.from[query];
  }
  return shape;
});

/**
 * The bytes that the input brought along under a name.
 * @param {string} name
 * @returns {Promise<Uint8Array>}
 */
async function inflated(name) {
  const element = broughtAlong(name);
  const text = element.textContent || "";
  // Its memory is wanted no more, unless the input may be opened again.
  if (!HAS_LIST) element.remove();
  return inflatedText(text);
}

/** Unpacks all layers. */
async function unpack() {
  await Promise.all(PARTS.flatMap((part, side) => DATA.layers.map(async (_, row) => {
    part.codes[row] = await inflated(`${part.prefix}codes-${row}`);
    part.ties[row] = await inflated(`${part.prefix}ties-${row}`);
    if (side === 2) part.signs[row] = await inflated(`signs-${row}`);
  })));
}

const BITS = new Uint32Array(1);
const FLOAT = new Float32Array(BITS.buffer);

/**
 * The value of a code of 16 bits.
 * @param {number} code
 * @param {number} base
 */
function valueOf(code, base) {
  if (code === 0) return 0;
  BITS[0] = (code + base) << 12;
  return FLOAT[0];
}

/**
 * The code of 16 bits of a cell by its place among those of its layer.
 * @param {Part} part
 * @param {number} row
 * @param {number} place
 */
function codeAt(part, row, place) {
  const codes = part.codes[row];
  return (codes[place] << 8) | codes[place + DATA.layers[row].heads.length * SHAPES[row].cells];
}

/**
 * The raw map of a head, NaN where its mask forbids.
 * @param {number} index
 * @param {number} [side]
 * @returns {Float32Array}
 */
function rawMap(index, side = sideInView()) {
  const part = PARTS[side];
  const values = sizesOfMap(index, part);
  if (side !== 2) return values;
  const { row, slot } = HEADS[index];
  const shape = SHAPES[row];
  const signs = part.signs[row];
  for (let query = 0; query < QUERIES; query += 1) {
    let place = slot * shape.cells + shape.before[query];
    for (let key = shape.from[query]; key < shape.to[query]; key += 1, place += 1) {
      if ((signs[place >> 3] >> (place & 7)) & 1) values[query * KEYS + key] *= -1;
    }
  }
  return values;
}

/**
 * The same without signs.
 * @param {number} index
 * @param {Part} part
 * @returns {Float32Array}
 */
function sizesOfMap(index, part) {
  const { row, slot } = HEADS[index];
  const shape = SHAPES[row];
  const codes = part.codes[row];
  const { bits, base } = part.coding;
  const values = new Float32Array(QUERIES * KEYS);
  if (shape.cells < values.length) values.fill(NaN);
  const start = slot * shape.cells;
  const count = DATA.layers[row].heads.length;
  if (bits === 16) {
    const valueTable = part.values || Float32Array.from({ length: 65536 }, (_, code) => valueOf(code, base));
    part.values = valueTable;
    const total = count * shape.cells;
    for (let query = 0; query < QUERIES; query += 1) {
      let place = start + shape.before[query];
      for (let key = shape.from[query]; key < shape.to[query]; key += 1, place += 1) {
        values[query * KEYS + key] = valueTable[(codes[place] << 8) | codes[place + total]];
      }
    }
    return values;
  }
  for (let query = 0; query < QUERIES; query += 1) {
    const { step, wide, cells } = rowOf8(part, index, query);
    let place = cells;
    for (let key = shape.from[query]; key < shape.to[query]; key += 1, place += 1) values[query * KEYS + key] = OF_STEP[codes[place]] * step;
    DATA.apart.forEach((key, at) => {
      if (key >= shape.from[query] && key < shape.to[query]) values[query * KEYS + key] = valueOf(wide(at), base);
    });
  }
  return values;
}

/** What codes of 8 bits stand for, in steps: code 1 is anything up to half a step
 * that is not 0. */
const OF_STEP = Float64Array.from({ length: 256 }, (_, code) => (code > 1 ? code - 1 : code / 4));
/** The steps up to a row's maximum. */
const STEPS = 150;

/**
 * Where a row of 8 bits has what: its step, the codes of 16 bits of the keys that
 * are apart, the values of what it sums to without a set of keys, and where its
 * cells begin.
 * @param {Part} part
 * @param {number} index of the head
 * @param {number} query
 */
function rowOf8(part, index, query) {
  const { row, slot } = HEADS[index];
  const codes = part.codes[row];
  const rows = DATA.layers[row].heads.length * QUERIES;
  const line = slot * QUERIES + query;
  const all = rows * (1 + DATA.sets + DATA.apart.length);
  const code = (/** @type {number} */ place) => (codes[place] << 8) | codes[place + all];
  const { base } = part.coding;
  return {
    step: valueOf(code(line), base) / STEPS,
    wide: (/** @type {number} */ at) => code(rows * (1 + DATA.sets) + line * DATA.apart.length + at),
    remainder: (/** @type {number} */ set) => valueOf(code(rows * (1 + set) + line), base),
    cells: 2 * all + slot * SHAPES[row].cells + SHAPES[row].before[query],
  };
}

/**
 * Where the ties of each row of a layer begin.
 * @param {Part} part
 * @param {number} row
 * @returns {Uint32Array}
 */
function tieStarts(part, row) {
  const held = part.starts[row];
  if (held) return held;
  const shape = SHAPES[row];
  const count = DATA.layers[row].heads.length;
  const starts = new Uint32Array(count * QUERIES);
  let before = 0;
  for (let line = 0; line < starts.length; line += 1) {
    starts[line] = before;
    const query = line % QUERIES;
    const start = Math.floor(line / QUERIES) * shape.cells + shape.before[query];
    const codes = Uint16Array.from({ length: shape.to[query] - shape.from[query] }, (_, place) => codeAt(part, row, start + place)).sort();
    for (let place = 0; place < codes.length; place += 1) {
      if (codes[place] !== 0 && (codes[place] === codes[place - 1] || codes[place] === codes[place + 1])) before += 1;
    }
  }
  part.starts[row] = starts;
  return starts;
}

/**
 * Numbers in the order of a row's exact values of 16 bits, of differences of their
 * sizes; NaN where the mask forbids. Equal numbers are equal values.
 * @param {Part} part
 * @param {number} index of the head
 * @param {number} query
 * @returns {Float64Array}
 */
function orderOf16(part, index, query) {
  const { row, slot } = HEADS[index];
  const shape = SHAPES[row];
  const order = new Float64Array(KEYS).fill(NaN);
  const start = slot * shape.cells + shape.before[query];
  const codes = Array.from({ length: shape.to[query] - shape.from[query] }, (_, place) => codeAt(part, row, start + place));
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) || 0) + 1);
  let tie = tieStarts(part, row)[slot * QUERIES + query];
  codes.forEach((code, place) => {
    let below = 0;
    if (code !== 0 && /** @type {number} */ (counts.get(code)) > 1) {
      below = part.ties[row][tie];
      tie += 1;
    }
    order[shape.from[query] + place] = code * 256 + below;
  });
  return order;
}
