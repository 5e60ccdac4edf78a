// What the page was given, as src/render/page/data.rs writes it.

/**
 * First unit, number of units, label.
 * @typedef {[number, number, string]} Word
 */

/**
 * The units of a stream.
 * @typedef {object} Stream
 * @property {string} role
 * @property {string[]} labels
 * @property {string[]} texts
 * @property {number[]} special
 * @property {number[]} aside those that lists of the strongest links leave out
 * @property {number[]} segments
 * @property {Word[]} words
 * @property {Word | null} without_first the first word, where unit 0 is hidden
 */

/**
 * @typedef {object} Layer
 * @property {number} layer
 * @property {number[]} heads
 * @property {[number | null, number | null]} mask how far behind and ahead
 */

/**
 * @typedef {object} HeadScore
 * @property {string} name
 * @property {string} unit
 * @property {string | null} paper
 * @property {boolean} signed whether it is what the right side has more
 * @property {(number | null)[]} values
 */

/**
 * The right side of a comparison; everything else is of the left.
 * @typedef {object} Compared
 * @property {[string, string]} names
 * @property {string[]} rows the right side's labels
 * @property {string[]} columns
 * @property {number[]} differing_rows 1 for other units on the right
 * @property {number[]} differing_columns
 * @property {string} measure that the heads are sorted by at first
 * @property {{bits: number, base: number}} difference
 * @property {[string, string]} colors of differences, on light and on dark paper
 */

/**
 * @typedef {object} Data
 * @property {string} attnviz
 * @property {string} model
 * @property {string} source
 * @property {string | null} commit
 * @property {string[]} captions
 * @property {string} kind
 * @property {Stream} rows
 * @property {Stream | null} columns
 * @property {Layer[]} layers
 * @property {number} bits
 * @property {number} base
 * @property {number[]} apart of 8 bits: the keys that have 16 bits nevertheless
 * @property {number} sets of keys that rows have a sum without
 * @property {boolean} sums_to_one
 * @property {string[]} notes
 * @property {HeadScore[]} scores
 * @property {{size: number, scales: number[]} | null} neurons
 * @property {[string, string][]} colormaps
 * @property {{tokens: string, special: string, sink: string, crop: [number, number] | null, scale: string | null, color_scale: string, vmin: number | null, vmax: number | null, colormap: string, invert: boolean, theme: string | null}} options
 * @property {string[]} command nothing where none makes this
 * @property {string} place where it is to be run, in words
 * @property {Compared | null} compared
 */

/** What the input brought along. */
const OPENED = opened.element;
/** Ends when another input is opened. */
const LIFE = opened.life.signal;

/** @type {Data} */
const DATA = JSON.parse(broughtAlong("data").textContent || "");

/** Queries and keys. */
const STREAMS = [DATA.rows, DATA.columns || DATA.rows];
/** Whether rows and columns are the same units. */
const IS_SQUARE = !DATA.columns;
const [QUERIES, KEYS] = STREAMS.map((stream) => stream.labels.length);

/**
 * What the input brought along under a name.
 * @param {string} name
 * @returns {Element}
 */
function broughtAlong(name) {
  const element = OPENED.querySelector(`script[data-name="${name}"]`);
  if (!element) throw new Error(`no ${name}`);
  return element;
}
