// What colours stand for in a map of attention.

/** The colours of several heads in lines: told apart without red and green, and
 * each head has its number beside it. */
const HEAD_COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#3aa3d8", "#7b5ea7", "#8c6d31"];

/**
 * What colours stand for: from which value to which.
 * @param {number} maximum of the map
 * @param {() => number} ofAll the greatest of all maps
 * @param {Float32Array} [map] where colours may end earlier so that it can be read
 * @returns {{low: number, high: number, place: (value: number) => number}} place: 0 to 1
 */
function colorScale(maximum, ofAll, map) {
  if (isDifference()) {
    const all = state.scale === "run" ? ofAll() : state.scale === "unit" ? 1 : maximum;
    const end = Math.abs(state.vmax ?? (all || 1));
    return { low: -end, high: end, place: (value) => differencePlace(value / end) };
  }
  const isReadable = state.scale === "auto" && map && state.color === "linear";
  const end = isReadable ? readableEnd(map, maximum) : maximum;
  const own = state.scale === "run" ? ofAll() : state.scale === "unit" ? 1 : end;
  const high = state.vmax ?? (own || 1);
  const isLog = state.color === "logarithmic";
  const low = state.vmin ?? (isLog ? Math.max(high / 1000, 1e-30) : 0);
  if (!isLog) return { low, high, place: (value) => clamp((value - low) / (high - low || 1), 0, 1) };
  const [from, to] = [Math.log(Math.max(low, 1e-30)), Math.log(high)];
  return { low, high, place: (value) => (value <= low ? 0 : clamp((Math.log(value) - from) / (to - from || 1), 0, 1)) };
}

/** Where the colours of the maps looked at last could end. @type {WeakMap<Float32Array, number>} */
const readableEnds = new WeakMap();

/**
 * Where colours end so that a long input shows something, as in
 * src/figure/reach.rs: not far above what is ordinary, where that is less than
 * half of the maximum. What is above has the last colour.
 * @param {Float32Array} map
 * @param {number} maximum
 */
function readableEnd(map, maximum) {
  const { rows, columns } = shape;
  const width = columns.units.length;
  if (Math.max(rows.units.length, width) <= 24) return maximum;
  const held = readableEnds.get(map);
  if (held !== undefined) return held;
  const looksBack = DATA.layers.every(({ mask }) => mask[1] === 0);
  const ordinary = columns.units.map((unit) => !unit.aside && !(unit.first === 0 && looksBack));
  const counts = ordinary.some(Boolean) ? ordinary : ordinary.map(() => true);
  const step = Math.max(1, Math.round(map.length / 131072));
  /** @type {number[]} */
  const values = [];
  /** @type {number[]} */
  const strongest = [];
  for (let row = 0; row < rows.units.length; row += step) {
    let most = 0;
    for (let column = 0; column < width; column += 1) {
      const value = map[row * width + column];
      if (!counts[column] || Number.isNaN(value)) continue;
      values.push(value);
      if (value > most) most = value;
    }
    if (most > 0) strongest.push(most);
  }
  const quantile = (/** @type {number[]} */ numbers, /** @type {number} */ share) => Float32Array.from(numbers).sort()[Math.floor((numbers.length - 1) * share)] || 0;
  const least = Math.max(quantile(values, 0.98), quantile(strongest, 1 / 3));
  const unit = 10 ** Math.floor(Math.log10(least || 1));
  const end = Math.ceil(least / unit - 1e-9) * unit;
  const found = least > 0 && end <= maximum / 2 ? end : maximum;
  readableEnds.set(map, found);
  return found;
}

/**
 * A stretch of a map as pixels, a pixel a cell. What is not there, and what
 * `kept` leaves out, stays empty.
 * @param {Float32Array} map
 * @param {number} width of the map
 * @param {[number, number, number, number]} part rows and columns, from and up to
 * @param {(value: number) => number} place
 * @param {Uint8Array | null} kept
 */
function pixelsOf(map, width, [fromRow, toRow, fromColumn, toColumn], place, kept) {
  const table = colorTable();
  const pixels = new ImageData(Math.max(1, toColumn - fromColumn), Math.max(1, toRow - fromRow));
  let at = 0;
  for (let row = fromRow; row < toRow; row += 1) {
    for (let column = fromColumn; column < toColumn; column += 1, at += 4) {
      const cell = row * width + column;
      const value = map[cell];
      if (Number.isNaN(value) || (kept && !kept[cell])) continue;
      let step = Math.round(place(value) * 255);
      if (state.invert && !isDifference()) step = 255 - step;
      pixels.data[at] = table[step * 3];
      pixels.data[at + 1] = table[step * 3 + 1];
      pixels.data[at + 2] = table[step * 3 + 2];
      pixels.data[at + 3] = 255;
    }
  }
  return pixels;
}
