// What is done to maps before they are shown, in the order of
// src/analysis/reshape.rs: units are hidden, pieces become words, a stretch is
// cut out.

/**
 * A row or column as it is shown.
 * @typedef {object} Shown
 * @property {string} label
 * @property {number} first its first unit in the stream
 * @property {number} count how many of the stream's units it stands for
 * @property {boolean} special
 * @property {boolean} aside
 * @property {number} segment
 */

/**
 * The rows or columns, and which of them each unit of the stream is in.
 * @typedef {object} Axis
 * @property {Shown[]} units
 * @property {Int32Array} place −1 for what is not shown
 * @property {number[]} pieces how many units of the stream are in each
 */

/**
 * @typedef {object} Shape
 * @property {Axis} rows
 * @property {Axis} columns
 * @property {boolean[]} isLeftOut by key of the stream
 * @property {boolean} scalesBack whether rows are scaled to what they had before units went
 */

/**
 * Whether a unit is left out before anything else happens.
 * @param {0 | 1} side 0 for queries, 1 for keys
 * @param {number} unit
 */
function isHidden(side, unit) {
  const first = state.sink === "hide" && unit === 0 && (side === 1 || IS_SQUARE);
  return first || (state.special !== "keep" && STREAMS[side].special[unit] === 1);
}

/**
 * @param {0 | 1} side
 * @returns {Axis}
 */
function shownAxis(side) {
  const stream = STREAMS[side];
  const length = stream.labels.length;
  /** @type {Shown[]} */
  const units = [];
  const place = new Int32Array(length).fill(-1);
  const one = (/** @type {number} */ unit, /** @type {number} */ count, /** @type {string} */ label) => ({
    label: labelOnSide(side, unit, label), first: unit, count, special: stream.special[unit] === 1, aside: stream.aside[unit] === 1, segment: stream.segments[unit],
  });
  if (state.tokens === "word") {
    for (const word of stream.words) {
      let [first, count, label] = word;
      if (first === 0 && isHidden(side, 0)) {
        if (count === 1 || !stream.without_first) continue;
        [first, count, label] = stream.without_first;
      } else if (isHidden(side, first)) continue;
      for (let unit = first; unit < first + count; unit += 1) place[unit] = units.length;
      units.push(one(first, count, label));
    }
  } else {
    for (let unit = 0; unit < length; unit += 1) {
      if (isHidden(side, unit)) continue;
      place[unit] = units.length;
      units.push(one(unit, 1, stream.labels[unit]));
    }
  }
  if (state.window && IS_SQUARE) {
    const [from, to] = state.window;
    const kept = units.map((unit) => unit.first <= to && unit.first + unit.count > from);
    // Of what is hidden alone there is nothing to show: then the stretch counts for nothing.
    if (kept.some(Boolean)) {
      const moved = kept.map((isKept, index) => (isKept ? kept.slice(0, index).filter(Boolean).length : -1));
      for (let unit = 0; unit < length; unit += 1) if (place[unit] >= 0) place[unit] = moved[place[unit]];
      return { units: units.filter((_, index) => kept[index]), place, pieces: [] };
    }
  }
  return { units, place, pieces: [] };
}

/**
 * What a unit is called on the side of a comparison that is shown. One that
 * differs is marked.
 * @param {0 | 1} axis 0 for queries, 1 for keys
 * @param {number} unit
 * @param {string} label on the left
 */
function labelOnSide(axis, unit, label) {
  const { compared } = DATA;
  if (!compared || !(axis ? compared.differing_columns : compared.differing_rows)[unit]) return label;
  const right = (axis ? compared.columns : compared.rows)[unit];
  return `≠ ${[label, right, `${label} | ${right}`][sideInView()]}`;
}

/** The axes as the state has them. */
function shownAxes() {
  let [rows, columns] = [shownAxis(0), shownAxis(1)];
  if (!rows.units.length || !columns.units.length) {
    // All units are hidden: there would be nothing to look at.
    state.special = "keep";
    state.sink = "keep";
    [rows, columns] = [shownAxis(0), shownAxis(1)];
  }
  for (const axis of [rows, columns]) axis.pieces = axis.units.map((unit) => unit.count);
  const isLeftOut = STREAMS[1].labels.map((_, key) => isHidden(1, key));
  const hides = isLeftOut.includes(true) || STREAMS[0].labels.some((_, query) => isHidden(0, query));
  return { rows, columns, isLeftOut, scalesBack: state.special === "renormalize" && hides };
}

/** The axes, made anew whenever what they depend on changes. @type {Shape} */
let shape;
let shapeKey = "";
/** Shown maps of this shape. @type {Map<number, Float32Array>} */
const shownMaps = new Map();
/** What is told of each head of this shape by its small map. @type {Map<number, {small: Float32Array, maximum: number}>} */
const digests = new Map();

/** Brings the axes up to date; says whether they changed. */
function reshape() {
  const key = [state.tokens, state.special, state.sink, state.window, state.side].join();
  if (key === shapeKey) return false;
  shapeKey = key;
  shape = shownAxes();
  shownMaps.clear();
  digests.clear();
  return true;
}

/**
 * The map of a head as it is shown, NaN where nothing is allowed.
 * @param {number} index
 * @param {number} [side]
 * @returns {Float32Array}
 */
function shownMap(index, side = sideInView()) {
  const place = index * PARTS.length + side;
  const held = shownMaps.get(place);
  if (held) return held;
  // Rows of both sides are scaled back before they are compared.
  const map = side === 2 && shape.scalesBack ? shownMap(index, 1).map((value, cell) => value - shownMap(index, 0)[cell]) : reshaped(index, side);
  // Enough for what is looked at; the rest is made again.
  if ((shownMaps.size + 1) * map.length > 16e6) shownMaps.clear();
  shownMaps.set(place, map);
  return map;
}

/**
 * @param {number} index
 * @param {number} side
 * @returns {Float32Array}
 */
function reshaped(index, side) {
  const raw = rawMap(index, side);
  const { rows, columns } = shape;
  const [height, width] = [rows.units.length, columns.units.length];
  if (height === QUERIES && width === KEYS) return raw;
  const sums = new Float64Array(height * width);
  const allowed = new Uint8Array(height * width);
  for (let query = 0; query < QUERIES; query += 1) {
    const row = rows.place[query];
    if (row < 0) continue;
    let scale = 1 / rows.pieces[row];
    if (shape.scalesBack) {
      const sum = remainderOf(index, query, side, raw.subarray(query * KEYS, (query + 1) * KEYS), 0);
      scale = sum > 0 ? scale / sum : scale;
    }
    for (let key = 0; key < KEYS; key += 1) {
      const column = columns.place[key];
      const value = raw[query * KEYS + key];
      if (column < 0 || Number.isNaN(value)) continue;
      sums[row * width + column] += value * scale;
      allowed[row * width + column] = 1;
    }
  }
  const map = Float32Array.from(sums);
  for (let cell = 0; cell < map.length; cell += 1) if (!allowed[cell]) map[cell] = NaN;
  return map;
}

/**
 * What a row sums to without the keys that are hidden: of 8 bits what was summed
 * before the values were rounded.
 * @param {number} index
 * @param {number} query
 * @param {number} side
 * @param {Float32Array | Float64Array} line its values, or what they are at least or at most
 * @param {number} edge which of these: 0, −1 or 1
 */
function remainderOf(index, query, side, line, edge) {
  const part = PARTS[side];
  if (part.coding.bits === 8) {
    const set = state.sink === "hide" && DATA.sets > 1 ? 1 : 0;
    return rowOf8(part, index, query).remainder(set) * (1 + edge * ROUNDED_SHARE);
  }
  let sum = 0;
  for (let key = 0; key < KEYS; key += 1) if (!shape.isLeftOut[key] && line[key] > 0) sum += line[key];
  return sum;
}

/**
 * A map of several heads as one.
 * @param {number[]} heads
 * @param {string} how mean, max or sum
 * @param {number} [side]
 * @returns {Float32Array}
 */
function combined(heads, how, side = sideInView()) {
  if (heads.length === 1) return shownMap(heads[0], side);
  const map = Float32Array.from(shownMap(heads[0], side));
  for (const head of heads.slice(1)) {
    const other = shownMap(head, side);
    for (let cell = 0; cell < map.length; cell += 1) {
      const [left, right] = [map[cell], other[cell]];
      // What one layer forbids and another allows is there.
      if (Number.isNaN(left)) map[cell] = right;
      else if (!Number.isNaN(right)) map[cell] = how === "max" ? (Math.abs(left) < Math.abs(right) ? right : left) : left + right;
    }
  }
  if (how === "mean") for (let cell = 0; cell < map.length; cell += 1) map[cell] /= heads.length;
  return map;
}

/**
 * The most of a map, whatever its sign.
 * @param {Float32Array} map
 */
function maximumOf(map) {
  let most = 0;
  for (let cell = 0; cell < map.length; cell += 1) if (Math.abs(map[cell]) > most) most = Math.abs(map[cell]);
  return most;
}

/** The side of a small map, in cells. */
const SMALL = 44;

/**
 * A head as a small map: where several units share a row or column, their mean.
 * @param {number} index
 */
function digest(index) {
  const held = digests.get(index);
  if (held) return held;
  const map = shownMap(index);
  const [height, width] = [shape.rows.units.length, shape.columns.units.length];
  const [tall, wide] = [Math.min(SMALL, height), Math.min(SMALL, width)];
  const sums = new Float64Array(tall * wide);
  const counts = new Uint32Array(tall * wide);
  let maximum = 0;
  const target = Int32Array.from({ length: width }, (_, column) => Math.floor((column * wide) / width));
  for (let row = 0; row < height; row += 1) {
    const start = Math.floor((row * tall) / height) * wide;
    for (let column = 0; column < width; column += 1) {
      const value = map[row * width + column];
      if (Number.isNaN(value)) continue;
      if (Math.abs(value) > maximum) maximum = Math.abs(value);
      sums[start + target[column]] += value;
      counts[start + target[column]] += 1;
    }
  }
  const small = Float32Array.from(sums, (sum, cell) => (counts[cell] ? sum / counts[cell] : NaN));
  const made = { small, maximum };
  digests.set(index, made);
  return made;
}

/**
 * Which cells pass the filters; null where all do.
 * @param {Float32Array} map
 * @returns {Uint8Array | null}
 */
function passing(map) {
  if (state.min <= 0 && state.mass >= 1 && state.pair === "all") return null;
  const { rows, columns } = shape;
  const width = columns.units.length;
  const kept = new Uint8Array(map.length);
  const letter = (/** @type {Shown} */ unit) => (unit.segment === 0 ? "A" : "B");
  for (let row = 0; row < rows.units.length; row += 1) {
    const line = map.subarray(row * width, (row + 1) * width);
    let least = state.min;
    if (state.mass < 1) {
      const values = line.map(Math.abs).filter((value) => value > 0).sort().reverse();
      const total = values.reduce((sum, value) => sum + value, 0);
      let sum = 0;
      for (const value of values) {
        sum += value;
        if (sum >= state.mass * total * (1 - 1e-6)) {
          least = Math.max(least, value);
          break;
        }
      }
    }
    for (let column = 0; column < width; column += 1) {
      const pair = `${letter(rows.units[row])}${letter(columns.units[column])}`;
      const isOfPair = state.pair === "all" || state.pair === pair;
      kept[row * width + column] = isOfPair && Math.abs(line[column]) >= least ? 1 : 0;
    }
  }
  return kept;
}

/**
 * Whether the exact value may be on either side of the threshold.
 * @param {Band} band
 * @param {number} place
 */
function isNearThreshold({ low, high }, place) {
  const least = Math.max(low[place], -high[place], 0);
  return state.min > 0 && least < state.min && Math.max(high[place], -low[place]) >= state.min;
}

/**
 * What is to be known of filters of values that are rounded.
 * @param {number[][]} groups heads that are filtered as one
 * @returns {string[]}
 */
function nearTheFilters(groups) {
  const sentences = [];
  if (state.min > 0) {
    let count = 0;
    for (const heads of groups) {
      for (let row = 0; row < shape.rows.units.length; row += 1) {
        const band = bandInView(row, sideInView(), heads);
        for (let column = 0; column < band.low.length; column += 1) if (isNearThreshold(band, column)) count += 1;
      }
    }
    if (count) sentences.push(`${count === 1 ? "1 link is" : `${count} links are`} too near to the threshold to tell on which side of it.`);
  }
  if (state.mass < 1) sentences.push("Where the strongest of a row end is told by the values as this page has them.");
  return sentences;
}
