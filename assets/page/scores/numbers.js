// What is known of every head: scores over all inputs, and how many words of a
// relation it is right for.

/**
 * A number that every head has, with what else is known of it.
 * @typedef {object} Quantity
 * @property {string} id as the address has it
 * @property {string} name
 * @property {string} unit
 * @property {string} meaning
 * @property {ScoreData | null} score
 * @property {RelationData | null} relation
 * @property {Map<string, ArrayLike<number>>} fields by head, NaN where it is empty
 */

/** What is known of a score, and what it is called. */
const SCORE_FIELDS = ["mean", "deviation", "p05", "p50", "p95", "count"];
/** What is known of a relation. */
const RELATION_FIELDS = ["best", "from_to", "to_from", "gain"];

/** @type {Record<string, string>} */
const FIELD_NAMES = {
  mean: "mean", deviation: "deviation", p05: "5 %", p50: "median", p95: "95 %", count: "inputs",
  best: "better direction", from_to: "from → to", to_from: "to → from", gain: "gain over the best offset",
};

/** Scores, then relations. @type {Quantity[]} */
const QUANTITIES = [];

/** @type {Examples} */
let examples = { inputs: [], labels: [], ends: [] };

/** Unpacks all numbers. */
async function unpack() {
  const [numbers, right, ends] = await Promise.all(["statistics", "relations", "examples"].map((name) => inflatedText(broughtAlong(name))));
  const [scores, heads] = [DATA.scores.length, HEADS.length];
  const floats = new Float32Array(numbers.buffer, 0, 5 * scores * heads);
  const counts = new Uint32Array(numbers.buffer, 5 * scores * heads * 4, scores * heads);
  DATA.scores.forEach((score, place) => {
    const fields = new Map();
    SCORE_FIELDS.forEach((field, row) => {
      const start = ((row % 5) * scores + place) * heads;
      fields.set(field, row < 5 ? floats.subarray(start, start + heads) : counts.subarray(start, start + heads));
    });
    QUANTITIES.push({ id: score.name, name: score.name.replaceAll("_", " "), unit: score.unit, meaning: score.meaning, score, relation: null, fields });
  });
  const found = new Uint32Array(right.buffer, 0, Math.floor(right.length / 4));
  DATA.relations.forEach((relation, place) => {
    const shares = [0, 1].map((direction) => Float64Array.from(found.subarray((2 * place + direction) * heads, (2 * place + direction + 1) * heads), (count) => (relation.words ? count / relation.words : NaN)));
    const best = shares[0].map((share, head) => Math.max(share, shares[1][head]));
    const offset = bestOffset(relation).share;
    const fields = new Map(Object.entries({ best, from_to: shares[0], to_from: shares[1], gain: best.map((share) => share - offset) }));
    const left = relation.left_out ? `; ${grouped(relation.left_out)} could not be asked` : "";
    QUANTITIES.push({
      id: `relation:${relation.name}`, name: relation.name, unit: "share", score: null, relation, fields,
      meaning: `Of ${counted(relation.words, "word")} of the relation, the share whose most attended other word is the right one (from → to), or which the right one attends to most (to → from)${left} (Clark et al. 2019).`,
    });
  });
  examples = JSON.parse(new TextDecoder().decode(ends) || "null") || examples;
}

/**
 * The fixed offset that is right most often, of equal ones the nearest, ahead
 * before behind.
 * @param {RelationData} relation
 */
function bestOffset({ words, right_by_offset: right }) {
  const order = DATA.offsets.map((offset, place) => ({ offset, right: right[place], share: words ? right[place] / words : NaN }));
  order.sort((one, other) => other.right - one.right || Math.abs(one.offset) - Math.abs(other.offset) || other.offset - one.offset);
  return order[0];
}

/** Fields that are to the nearest mark alone. */
const QUANTILES = ["p05", "p50", "p95"];

/**
 * A number of things: `1 input`, `2 inputs`.
 * @param {number} number
 * @param {string} noun
 */
function counted(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** @param {number} number */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A number of a head in words; nothing where it is empty.
 * @param {number} value
 * @param {string} field
 * @param {Quantity} quantity
 */
function fieldText(value, field, quantity = quantityInView()) {
  if (Number.isNaN(value)) return "–";
  if (field === "count") return grouped(value);
  if (quantity.score && QUANTILES.includes(field)) return quantileText(value, quantity.score.step);
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : field === "gain" && value > 0 ? "+" : "";
  return sign + (size === 0 ? "0" : size >= 0.001 && size < 999.5 ? size.toPrecision(3) : numberText(size, false));
}

/**
 * A quantile in no more digits than it is exact to; below the first mark it need not
 * be 0.
 * @param {number} value
 * @param {number} step
 */
function quantileText(value, step) {
  if (value < step / 2) return `<${Number((step / 2).toPrecision(1))}`;
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : step < 0.01 ? 3 : 2);
}

/**
 * A number in few letters.
 * @param {number} value
 */
function briefText(value) {
  return value === 0 && QUANTILES.includes(fieldInView()) ? "≈0" : brief(value, fieldInView() === "gain");
}

/**
 * The numbers of a field, by head.
 * @param {Quantity} quantity
 * @param {string} field
 */
function numbersOfField(quantity, field) {
  return Array.from(quantity.fields.get(field) || []);
}

/**
 * Which place a head has among all of them, the greatest number first; of equal
 * ones all have the first place. None where it has no number.
 * @param {number[]} numbers
 * @param {number} head
 */
function rankOf(numbers, head) {
  if (Number.isNaN(numbers[head])) return null;
  return 1 + numbers.filter((number) => number > numbers[head]).length;
}

/**
 * How unlike a head the others are: the root of the mean square of the
 * differences of their scores, each in deviations of that score over all heads.
 * @param {number} head
 */
function unlikeness(head) {
  const sums = new Float64Array(HEADS.length);
  const counts = new Uint32Array(HEADS.length);
  for (const quantity of QUANTITIES) {
    if (!quantity.score) continue;
    const means = numbersOfField(quantity, "mean");
    const there = means.filter((mean) => !Number.isNaN(mean));
    const middle = there.reduce((sum, mean) => sum + mean, 0) / there.length;
    const deviation = Math.sqrt(there.reduce((sum, mean) => sum + (mean - middle) ** 2, 0) / there.length);
    if (!(deviation > 0)) continue;
    means.forEach((mean, other) => {
      const difference = (mean - means[head]) / deviation;
      if (Number.isNaN(difference)) return;
      sums[other] += difference ** 2;
      counts[other] += 1;
    });
  }
  return Array.from(sums, (sum, other) => (counts[other] ? Math.sqrt(sum / counts[other]) : NaN));
}
