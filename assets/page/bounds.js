// How far values can be from the exact ones: codes are rounded, and what is done to
// them afterwards (words, rows scaled back, several heads) carries that on. All that
// is said of a value comes from here: its digits, its rank, what a CSV has.

/**
 * Values of a row or column, and between what the exact ones lie; NaN where nothing
 * is allowed.
 * @typedef {object} Band
 * @property {Float64Array} values
 * @property {Float64Array} low
 * @property {Float64Array} high
 */

/** A code of 16 bits is off by 2⁻¹² of its value at most; a thousandth more is for
 * what sums round. */
const ROUNDED_SHARE = 2 ** -12 * 1.001;
/** A code of 8 bits is off by half a step, likewise. */
const ROUNDED_STEP = 0.5 * 1.001;

/**
 * @param {number} length
 * @param {number} value
 * @returns {Band}
 */
function bandOf(length, value) {
  const [values, low, high] = [0, 1, 2].map(() => new Float64Array(length).fill(value));
  return { values, low, high };
}

/**
 * A row of a head as the model has it.
 * @param {number} index
 * @param {number} query
 * @param {number} side
 * @returns {Band}
 */
function rawBand(index, query, side) {
  const part = PARTS[side];
  const { row, slot } = HEADS[index];
  const { bits, base } = part.coding;
  const { from, to, before, cells } = SHAPES[row];
  const band = bandOf(KEYS, NaN);
  const put = (/** @type {number} */ key, /** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => {
    band.values[key] = value;
    band.low[key] = low;
    band.high[key] = high;
  };
  const putCode = (/** @type {number} */ key, /** @type {number} */ code) => {
    const value = valueOf(code, base);
    // The lowest code stands for everything that is smaller, too.
    put(key, value, code === 1 && base > 0 ? 0 : value * (1 - ROUNDED_SHARE), value * (1 + ROUNDED_SHARE));
  };
  const first = slot * cells + before[query];
  if (bits === 16) for (let key = from[query]; key < to[query]; key += 1) putCode(key, codeAt(part, row, first + key - from[query]));
  else {
    const line = rowOf8(part, index, query);
    for (let key = from[query]; key < to[query]; key += 1) {
      const code = part.codes[row][line.cells + key - from[query]];
      const value = OF_STEP[code] * line.step;
      if (code < 2) put(key, value, 0, code * ROUNDED_STEP * line.step);
      else put(key, value, value - ROUNDED_STEP * line.step, value + ROUNDED_STEP * line.step);
    }
    DATA.apart.forEach((key, at) => {
      if (key >= from[query] && key < to[query]) putCode(key, line.wide(at));
    });
  }
  if (side === 2) {
    for (let key = from[query], place = first; key < to[query]; key += 1, place += 1) {
      if ((part.signs[row][place >> 3] >> (place & 7)) & 1) put(key, -band.values[key], -band.high[key], -band.low[key]);
    }
  }
  return band;
}

/**
 * A row of a head as it is shown.
 * @param {number} index
 * @param {number} row
 * @param {number} side
 * @returns {Band}
 */
function shownBand(index, row, side) {
  const { rows, columns } = shape;
  if (side === 2 && shape.scalesBack) {
    const [left, right] = [shownBand(index, row, 0), shownBand(index, row, 1)];
    return {
      values: right.values.map((value, column) => value - left.values[column]),
      low: right.low.map((value, column) => value - left.high[column]),
      high: right.high.map((value, column) => value - left.low[column]),
    };
  }
  const band = bandOf(columns.units.length, NaN);
  const { first, count } = rows.units[row];
  for (let query = first; query < first + count; query += 1) {
    if (rows.place[query] !== row) continue;
    const raw = rawBand(index, query, side);
    if (shape.scalesBack) scaleBack(raw, index, query, side);
    for (let key = 0; key < KEYS; key += 1) {
      const column = columns.place[key];
      if (column < 0 || Number.isNaN(raw.values[key])) continue;
      for (const edge of EDGES) band[edge][column] = (band[edge][column] || 0) + raw[edge][key] / rows.pieces[row];
    }
  }
  return band;
}

const EDGES = /** @type {const} */ (["values", "low", "high"]);

/**
 * Scales a row to what it sums to without the keys that are hidden.
 * @param {Band} raw
 * @param {number} index
 * @param {number} query
 * @param {number} side
 */
function scaleBack(raw, index, query, side) {
  const sum = remainderOf(index, query, side, raw.values, 0);
  if (!(sum > 0)) return;
  const least = remainderOf(index, query, side, raw.low, -1);
  const most = remainderOf(index, query, side, raw.high, 1);
  for (let key = 0; key < KEYS; key += 1) {
    raw.values[key] /= sum;
    raw.low[key] /= most;
    // No part is more than all.
    raw.high[key] = raw.high[key] > 0 ? Math.min(raw.high[key] / least, 1 + 1e-6) : raw.high[key];
  }
}

/**
 * A row of several heads as one.
 * @param {number[]} heads
 * @param {string} how mean, max or sum
 * @param {number} row
 * @param {number} side
 * @returns {Band}
 */
function combinedBand(heads, how, row, side) {
  const bands = heads.map((head) => shownBand(head, row, side));
  if (bands.length === 1) return bands[0];
  const band = bandOf(shape.columns.units.length, NaN);
  for (let column = 0; column < band.values.length; column += 1) {
    // What one layer forbids and another allows is there.
    const there = bands.filter(({ values }) => !Number.isNaN(values[column]));
    if (!there.length) continue;
    const all = (/** @type {"values" | "low" | "high"} */ edge) => there.map((one) => one[edge][column]);
    if (how !== "max") for (const edge of EDGES) band[edge][column] = all(edge).reduce((sum, value) => sum + value, 0) / (how === "mean" ? heads.length : 1);
    else {
      band.values[column] = all("values").reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
      // The greatest by size may be any that reaches what one has at least.
      const least = Math.max(...there.map(({ low, high }) => Math.max(low[column], -high[column], 0)));
      const may = there.filter(({ low, high }) => Math.max(high[column], -low[column]) >= least);
      const low = Math.min(...may.map((one) => one.low[column]));
      band.low[column] = side === 2 ? low : Math.max(low, least);
      band.high[column] = Math.max(...may.map((one) => one.high[column]));
    }
  }
  return band;
}

/** Rows of what was looked at last, by what they are of. @type {Map<string, Band[]>} */
const heldBands = new Map();

/**
 * A row of the heads in view.
 * @param {number} row
 * @param {number} [side]
 * @param {number[]} [heads]
 * @returns {Band}
 */
function bandInView(row, side = sideInView(), heads = headsInView()) {
  const key = [shapeKey, side, heads, heads.length > 1 ? state.combine : ""].join();
  let rows = heldBands.get(key);
  if (!rows) {
    // Enough for what is looked at; the rest is made again.
    if ((heldBands.size + 1) * shape.rows.units.length * shape.columns.units.length > 4e6) heldBands.clear();
    rows = [];
    heldBands.set(key, rows);
  }
  rows[row] ||= combinedBand(heads, state.combine, row, side);
  return rows[row];
}

/** How far a value in view is from the exact one at most. */
function largestError() {
  let most = 0;
  for (let row = 0; row < shape.rows.units.length; row += 1) {
    const { values, low, high } = bandInView(row);
    for (let column = 0; column < values.length; column += 1) {
      const error = Math.max(high[column] - values[column], values[column] - low[column]);
      if (error > most) most = error;
    }
  }
  return most;
}

/** The same, as it is written. */
function knownTo() {
  return plainNumber(roundedUp(largestError()));
}

/**
 * A band of values that are so many times as much.
 * @param {Band} band
 * @param {number} factor of at least 0
 * @returns {Band}
 */
function scaledBand(band, factor) {
  const [values, low, high] = EDGES.map((edge) => band[edge].map((value) => value * factor));
  return { values, low, high };
}

/**
 * The mean of several bands of equal length.
 * @param {Band[]} bands
 * @returns {Band}
 */
function meanOfBands(bands) {
  const mean = bandOf(bands[0].values.length, 0);
  for (const edge of EDGES) for (const band of bands) for (let place = 0; place < mean[edge].length; place += 1) mean[edge][place] += band[edge][place] / bands.length;
  return mean;
}

/**
 * A number of at least 0 with two digits that is not less.
 * @param {number} number
 */
function roundedUp(number) {
  if (number <= 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(number)) - 1);
  return +(Math.ceil(number / unit - 1e-9) * unit).toPrecision(2);
}

/**
 * A number of at least 0 as it is written.
 * @param {number} number
 * @param {number} power of the last digit
 */
function withDigits(number, power) {
  if (number > 0 && number < 0.001) return number.toExponential(clamp(Math.floor(Math.log10(number)) - power, 0, 20));
  return number.toFixed(clamp(-power, 0, 20));
}

/** @param {number} number rounded already */
function plainNumber(number) {
  return withDigits(number, number > 0 ? Math.floor(Math.log10(number)) - (Number(number.toPrecision(1)) === number ? 0 : 1) : 0);
}

/**
 * A value of a band with the digits that its error allows, three at most: the last
 * one is off by no more than 1. "0" is 0 alone; "<0.0018" is less than that and may
 * be next to nothing. A difference has its sign.
 * @param {Band} band
 * @param {number} place
 * @param {number} [side] whose value it is
 */
function written(band, place, side = sideInView()) {
  const [value, low, high] = EDGES.map((edge) => band[edge][place]);
  if (Number.isNaN(value)) return "not allowed";
  if (low === 0 && high === 0) return "0";
  const most = Math.max(high, -low);
  if (low <= 0 && high >= 0) return side === 2 ? `0 ± ${plainNumber(roundedUp(most))}` : `<${plainNumber(roundedUp(most))}`;
  const sign = value < 0 ? "−" : side === 2 ? "+" : "";
  const size = Math.abs(value);
  const error = Math.max(high - value, value - low);
  const power = Math.max(Math.floor(Math.log10(size)) - 2, Math.ceil(Math.log10(2 * error)));
  if (size >= 10 ** power) return `${sign}${withDigits(size, power)}`;
  // Not one digit is sure.
  const fine = Math.floor(Math.log10(2 * error));
  const rounded = Number(size.toFixed(clamp(-fine, 0, 20)));
  return `${sign}${withDigits(rounded, fine)} ± ${plainNumber(roundedUp(error + Math.abs(rounded - size)))}`;
}

/**
 * A value of a band and how far it is from the exact one at most, for a table: no
 * more digits than the error allows.
 * @param {Band} band
 * @param {number} place
 * @returns {(number | string)[]}
 */
function tabled(band, place) {
  const [value, low, high] = EDGES.map((edge) => band[edge][place]);
  if (Number.isNaN(value)) return ["", ""];
  const error = Math.max(high - value, value - low);
  if (error === 0) return [value, 0];
  const wide = Math.ceil(Math.log10(2 * error));
  const power = Math.abs(value) >= 10 ** wide ? wide : wide - 1;
  const rounded = +(Math.round(value / 10 ** power) * 10 ** power).toPrecision(12);
  return [rounded, roundedUp(error + Math.abs(rounded - value))];
}

/**
 * The sizes of a shown row to rank them by: for one head whose units are as they
 * were, such that ranges of different codes do not touch.
 * @param {number} row
 * @returns {{low: Float64Array, high: Float64Array}}
 */
function ranksOf(row) {
  const heads = headsInView();
  const side = sideInView();
  const { rows, columns } = shape;
  const isPlain = heads.length === 1 && rows.pieces[row] === 1 && columns.pieces.every((count) => count === 1);
  if (!isPlain || (side === 2 && shape.scalesBack)) {
    const { low, high } = bandInView(row);
    const isAcross = (/** @type {number} */ place) => low[place] < 0 && high[place] > 0;
    return {
      low: low.map((value, place) => (isAcross(place) ? 0 : Math.min(Math.abs(value), Math.abs(high[place])))),
      high: high.map((value, place) => Math.max(Math.abs(value), Math.abs(low[place]))),
    };
  }
  const query = rows.units[row].first;
  const part = PARTS[side];
  const shown = (/** @type {Float64Array} */ all) => Float64Array.from(columns.units, (unit) => all[unit.first]);
  if (part.coding.bits === 16) {
    const order = shown(orderOf16(part, heads[0], query));
    return { low: order, high: order };
  }
  // A greater code is a greater value; where steps end to a millionth does not matter.
  const line = rowOf8(part, heads[0], query);
  const { from, to } = SHAPES[HEADS[heads[0]].row];
  const { low, high } = bandOf(KEYS, NaN);
  for (let key = from[query]; key < to[query]; key += 1) {
    const code = part.codes[HEADS[heads[0]].row][line.cells + key - from[query]];
    [low[key], high[key]] = code ? [Math.max(0, code - 1.5) + 1e-3, code - 0.5 - 1e-3] : [0, 0];
  }
  DATA.apart.forEach((key, at) => {
    if (Number.isNaN(low[key])) return;
    const [code, value] = [line.wide(at), valueOf(line.wide(at), part.coding.base) / (line.step || 1)];
    [low[key], high[key]] = code ? [value * (1 - 2 * ROUNDED_SHARE) - 2e-3, value * (1 + 2 * ROUNDED_SHARE) + 2e-3] : [0, 0];
  });
  return { low: shown(low), high: shown(high) };
}

/**
 * The rank of a cell within its row, as the end of a sentence: a range where it
 * cannot be told which of several is greater.
 * @param {{low: Float64Array, high: Float64Array}} sizes of the row
 * @param {number} column
 */
function rankText({ low, high }, column) {
  if (Number.isNaN(low[column])) return "";
  let [first, last, all] = [1, 1, 0];
  for (let other = 0; other < low.length; other += 1) {
    if (low[other] > high[column]) first += 1;
    if (high[other] > low[column] && other !== column) last += 1;
    if (!Number.isNaN(low[other])) all += 1;
  }
  return `, rank ${first}${last > first ? `–${last}` : ""} of ${all}${isDifference() ? " by size" : ""}`;
}
