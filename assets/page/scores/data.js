// What the page was given, as src/batch/report/scores_data.rs writes it.

/**
 * @typedef {object} ScoreData
 * @property {string} name
 * @property {string} unit
 * @property {string} meaning
 * @property {number} step how far the lowest marks of quantiles are apart
 * @property {string} quantiles how exact they are, in words
 */

/**
 * @typedef {object} RelationData
 * @property {string} name
 * @property {number} words that were asked
 * @property {number} left_out relations that could not be asked
 * @property {number[]} right_by_offset right answers of each fixed offset
 */

/**
 * An input at an end of a score: which, the value, and the strongest link, query
 * and its label, key and its label, value.
 * @typedef {[number, number] | [number, number, number, number, number, number, number]} ExampleData
 */

/**
 * @typedef {object} Examples
 * @property {{id: string, text: string | null, pair: string | null, whole: boolean}[]} inputs
 * @property {string[]} labels
 * @property {[ExampleData[], ExampleData[]][][]} ends by score and head, the greatest values and the smallest
 */

/**
 * @typedef {object} Data
 * @property {string} attnviz
 * @property {string} model
 * @property {number} inputs with scores
 * @property {{layer: number, heads: number[]}[]} layers
 * @property {ScoreData[]} scores
 * @property {RelationData[]} relations
 * @property {number[]} offsets
 * @property {number} examples so many of each end are here
 * @property {[string, string][]} colormaps
 * @property {[string, string]} colors of what has a sign, on light and on dark paper
 * @property {string[]} command
 * @property {string} place what the command finds where it is run, in words
 * @property {string[]} draw the options that name the model
 */

/** Never ends: nothing else is opened here. */
const LIFE = new AbortController().signal;

/** @type {Data} */
const DATA = JSON.parse(broughtAlong("data"));

/**
 * What the page brought along under a name.
 * @param {string} name
 * @returns {string}
 */
function broughtAlong(name) {
  return document.querySelector(`script[data-name="${name}"]`)?.textContent || "";
}
