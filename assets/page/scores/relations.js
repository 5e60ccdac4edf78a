// The best head of each relation beside the best fixed offset, which knows nothing
// of the text.

const relationView = { /** What it shows now. */ look: "", /** What sorts it. */ by: "", isUp: false };

/** @type {[string, string][]} */
const RELATION_COLUMNS = [["name", "relation"], ["words", "words"], ["head", "best head"], ["direction", "direction"], ["right", "right"], ["offset", "best offset"], ["offset_right", "right"], ["gain", "gain"]];

/** Makes the figure. */
function makeRelations() {
  return make("section", { id: "view-relations", class: "view", "aria-label": "Relations" },
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of relations" }, make("table", { class: "numbers" },
      make("caption", {}, "Of the words of each relation, the share whose most attended other word is the right one, for the best head, beside the best fixed offset in words (Clark et al. 2019, 4.2). Choose a relation to colour all heads by it."),
      make("thead", {}, make("tr", { id: "relations-head" })),
      make("tbody", { id: "relations" }))),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of offsets", id: "offsets-region" }, make("table", { class: "numbers" },
      make("caption", { id: "offsets-caption" }), make("thead", {}, make("tr", { id: "offsets-head" })), make("tbody", {}, make("tr", { id: "offsets" })))));
}

/**
 * The best head of a relation, of equal ones the first layer, head and direction.
 * @param {Quantity} quantity
 */
function bestOf(quantity) {
  const [from, to] = ["from_to", "to_from"].map((field) => numbersOfField(quantity, field));
  let best = { head: 0, direction: "from_to", share: from[0] };
  HEADS.forEach((_, head) => {
    if (from[head] > best.share) best = { head, direction: "from_to", share: from[head] };
    if (to[head] > best.share) best = { head, direction: "to_from", share: to[head] };
  });
  return best;
}

/** Draws what changed of the relations. */
function drawRelations() {
  const look = [state.quantity, state.heads, relationView.by, relationView.isUp].join();
  if (look === relationView.look) return;
  relationView.look = look;
  const lines = QUANTITIES.filter(({ relation }) => relation).map((quantity, place) => {
    const relation = /** @type {RelationData} */ (quantity.relation);
    const [best, offset] = [bestOf(quantity), bestOffset(relation)];
    return { quantity, best, offset, keys: /** @type {Record<string, number | string>} */ ({ "": place, name: relation.name, words: relation.words, head: best.head, direction: best.direction, right: best.share, offset: offset.offset, offset_right: offset.share, gain: best.share - offset.share }) };
  });
  const { by, isUp } = relationView;
  const isLess = (/** @type {number | string} */ one, /** @type {number | string} */ other) => (one < other ? -1 : Number(one > other));
  lines.sort((one, other) => isLess(one.keys[by], other.keys[by]) * (isUp || !by ? 1 : -1) || isLess(one.keys[""], other.keys[""]));
  refill(byId("relations-head"), RELATION_COLUMNS.map(([key, name]) => make("th", { scope: "col", class: ["words", "right", "offset", "offset_right", "gain"].includes(key) ? "number" : false, "aria-sort": key === by ? (isUp ? "ascending" : "descending") : false },
    make("button", { type: "button", "data-relations-by": key, onclick: () => { Object.assign(relationView, { by: key, isUp: by === key ? !isUp : ["name", "head", "direction"].includes(key) }); redraw(); } }, name))));
  refill(byId("relations"), lines.map(({ quantity, best, offset, keys }) => {
    const isChosen = quantity.id === quantityInView().id;
    return make("tr", { class: isChosen ? "chosen" : "", "data-quantity": quantity.id },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(isChosen), onclick: () => changeField("quantity", quantity.id) }, make("bdi", {}, quantity.name))),
      make("td", { class: "number" }, grouped(Number(keys.words))),
      make("td", {}, ...(Number.isNaN(best.share) ? ["–"] : [make("button", { type: "button", "aria-pressed": String(state.heads.includes(best.head)), onclick: (/** @type {MouseEvent} */ event) => chooseHead(best.head, event.shiftKey) }, headName(best.head))])),
      make("td", {}, Number.isNaN(best.share) ? "–" : FIELD_NAMES[best.direction]),
      make("td", { class: "number", title: exactText(best.share) }, fieldText(best.share, "best")),
      make("td", { class: "number" }, signedNumber(offset.offset)),
      make("td", { class: "number", title: exactText(offset.share) }, fieldText(offset.share, "best")),
      make("td", { class: "number" }, fieldText(best.share - offset.share, "gain")));
  }));
  const shown = quantityInView().relation;
  byId("offsets-region").hidden = !shown;
  if (!shown) return;
  byId("offsets-caption").replaceChildren("Fixed offsets for ", make("bdi", {}, shown.name), ", in words: the share that is right of a word so far behind or ahead.");
  byId("offsets-head").replaceChildren(...DATA.offsets.map((offset) => make("th", { scope: "col", class: "number" }, signedNumber(offset))));
  byId("offsets").replaceChildren(...shown.right_by_offset.map((right) => make("td", { class: "number" }, fieldText(shown.words ? right / shown.words : NaN, "best"))));
}
