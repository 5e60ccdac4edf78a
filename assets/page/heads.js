// The heads that a page is about, and what they are called.

/**
 * A head: which, and where its values are.
 * @typedef {object} Head
 * @property {number} layer as the model counts
 * @property {number} head as the model counts
 * @property {number} row among the layers here
 * @property {number} slot among the heads of its layer here
 */

/** @type {Head[]} */
const HEADS = DATA.layers.flatMap(({ layer, heads }, row) => heads.map((head, slot) => ({ layer, head, row, slot })));

/**
 * What a head is called.
 * @param {number} index
 */
function headName(index) {
  return `layer ${HEADS[index].layer}, head ${HEADS[index].head}`;
}

/**
 * The head of a layer with that number, −1 where there is none.
 * @param {number} layer
 * @param {number} head
 */
function findHead(layer, head) {
  return HEADS.findIndex((other) => other.layer === layer && other.head === head);
}
