// From compressed codes to values and ranks: the other side of
// src/render/page/encoding.rs.

/** Of each layer, its codes. @type {Uint8Array[]} */
const CODES = [];
/** Of each layer, the order of values that share a code. @type {Uint8Array[]} */
const TIES = [];
/** Of each layer, where each row's ties begin. @type {(Uint32Array | undefined)[]} */
const TIE_STARTS = [];

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
  if (!text) return new Uint8Array(0);
  const decode = /** @type {any} */ (Uint8Array).fromBase64;
  const packed = decode ? decode.call(Uint8Array, text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Unpacks all layers. */
async function unpack() {
  await Promise.all(DATA.layers.map(async (_, row) => {
    CODES[row] = await inflated(`codes-${row}`);
    TIES[row] = await inflated(`ties-${row}`);
  }));
}

const BITS = new Uint32Array(1);
const FLOAT = new Float32Array(BITS.buffer);

/**
 * The value of a code of 16 bits.
 * @param {number} code
 */
function valueOf(code) {
  if (code === 0) return 0;
  BITS[0] = (code + DATA.base) << 12;
  return FLOAT[0];
}

/** The values of all codes of 16 bits. @type {Float32Array | null} */
let valueTable = null;

/**
 * The code of 16 bits of a cell by its place among those of its layer.
 * @param {number} row
 * @param {number} place
 */
function codeAt(row, place) {
  const codes = CODES[row];
  return (codes[place] << 8) | codes[place + DATA.layers[row].heads.length * SHAPES[row].cells];
}

/**
 * The raw map of a head, NaN where its mask forbids.
 * @param {number} index
 * @returns {Float32Array}
 */
function rawMap(index) {
  const { row, slot } = HEADS[index];
  const shape = SHAPES[row];
  const codes = CODES[row];
  const values = new Float32Array(QUERIES * KEYS);
  if (shape.cells < values.length) values.fill(NaN);
  const start = slot * shape.cells;
  const count = DATA.layers[row].heads.length;
  if (DATA.bits === 16) {
    valueTable ??= Float32Array.from({ length: 65536 }, (_, code) => valueOf(code));
    const total = count * shape.cells;
    for (let query = 0; query < QUERIES; query += 1) {
      let place = start + shape.before[query];
      for (let key = shape.from[query]; key < shape.to[query]; key += 1, place += 1) {
        values[query * KEYS + key] = valueTable[(codes[place] << 8) | codes[place + total]];
      }
    }
    return values;
  }
  const rows = count * QUERIES;
  for (let query = 0; query < QUERIES; query += 1) {
    const maximum = slot * QUERIES + query;
    const step = valueOf((codes[maximum] << 8) | codes[rows + maximum]) / 254;
    let place = 2 * rows + start + shape.before[query];
    for (let key = shape.from[query]; key < shape.to[query]; key += 1, place += 1) {
      values[query * KEYS + key] = codes[place] > 1 ? (codes[place] - 1) * step : 0;
    }
  }
  return values;
}

/**
 * Where the ties of each row of a layer begin.
 * @param {number} row
 * @returns {Uint32Array}
 */
function tieStarts(row) {
  const held = TIE_STARTS[row];
  if (held) return held;
  const shape = SHAPES[row];
  const count = DATA.layers[row].heads.length;
  const starts = new Uint32Array(count * QUERIES);
  let before = 0;
  for (let line = 0; line < starts.length; line += 1) {
    starts[line] = before;
    const query = line % QUERIES;
    const start = Math.floor(line / QUERIES) * shape.cells + shape.before[query];
    const codes = Uint16Array.from({ length: shape.to[query] - shape.from[query] }, (_, place) => codeAt(row, start + place)).sort();
    for (let place = 0; place < codes.length; place += 1) {
      if (codes[place] !== 0 && (codes[place] === codes[place - 1] || codes[place] === codes[place + 1])) before += 1;
    }
  }
  TIE_STARTS[row] = starts;
  return starts;
}

/**
 * Numbers in the order of a row's exact values, −1 where the mask forbids.
 * Equal numbers are equal values, or of 8 bits values that the page cannot tell
 * apart.
 * @param {number} index of the head
 * @param {number} query
 * @returns {Float64Array}
 */
function orderOfRow(index, query) {
  const { row, slot } = HEADS[index];
  const shape = SHAPES[row];
  const order = new Float64Array(KEYS).fill(-1);
  const start = slot * shape.cells + shape.before[query];
  const length = shape.to[query] - shape.from[query];
  if (DATA.bits === 8) {
    const cells = 2 * DATA.layers[row].heads.length * QUERIES + start;
    for (let place = 0; place < length; place += 1) order[shape.from[query] + place] = CODES[row][cells + place];
    return order;
  }
  const codes = Array.from({ length }, (_, place) => codeAt(row, start + place));
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) || 0) + 1);
  let tie = tieStarts(row)[slot * QUERIES + query];
  codes.forEach((code, place) => {
    let below = 0;
    if (code !== 0 && /** @type {number} */ (counts.get(code)) > 1) {
      below = TIES[row][tie];
      tie += 1;
    }
    order[shape.from[query] + place] = code * 256 + below;
  });
  return order;
}
