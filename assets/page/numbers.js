// Numbers of heads, in words and in small cells.

/**
 * A number in as few letters as a small cell has room for.
 * @param {number} value
 * @param {boolean} hasSign
 */
function brief(value, hasSign) {
  const size = Math.abs(value);
  const digits = size === 0 ? "0" : size >= 100 ? size.toFixed(0) : size >= 0.995 ? size.toFixed(1) : size >= 0.001 ? size.toFixed(size < 0.01 ? 3 : 2).replace(/^0/, "") : size.toExponential(0).replace("e-", "e−");
  return `${hasSign && size ? (value < 0 ? "−" : "+") : ""}${digits}`;
}

/**
 * A number of a head, with its sign where it has one.
 * @param {number} value
 * @param {boolean} hasSign
 */
function numberText(value, hasSign) {
  return `${hasSign && value > 0 ? "+" : ""}${threeDigits(value)}`;
}

/**
 * A number with three digits, so that those of a column can be compared.
 * @param {number} value
 */
function threeDigits(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  const text = size < 0.001 ? size.toExponential(2) : size.toFixed(clamp(2 - Math.floor(Math.log10(size)), 0, 5));
  return `${value < 0 ? "−" : ""}${text}`;
}
