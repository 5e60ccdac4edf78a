// All that is known of the chosen heads.

const headView = { /** What it shows now. */ look: "" };

/** Makes the figure. */
function makeHead() {
  const table = (/** @type {string} */ id, /** @type {string} */ name) => make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name, id: `${id}-region` },
    make("table", { class: "numbers" }, make("caption", { id: `${id}-caption` }), make("thead", {}, make("tr", { id: `${id}-head` })), make("tbody", { id })));
  return make("section", { id: "view-head", class: "view", "aria-label": "Chosen heads" },
    table("head-scores", "Scores of the chosen heads"), ...(DATA.relations.length ? [table("head-relations", "Relations that the chosen heads find")] : []));
}

/** Draws what changed of the chosen heads. */
function drawHead() {
  const look = [state.heads, state.quantity].join();
  if (look === headView.look) return;
  headView.look = look;
  const heads = state.heads;
  const isOne = heads.length === 1;
  const names = heads.map(headName).join("; ");
  byId("head-scores-caption").replaceChildren(make("b", {}, `${names[0].toUpperCase()}${names.slice(1)}. `),
    isOne ? `Every score over the inputs in which it makes sense, and the head’s place among ${grouped(HEADS.length)}. ` : "Means over the inputs. ", "Choose a score to colour all heads by it. ",
    ...(quantityInView().score ? [make("b", {}, `${quantityInView().name}: `), quantityInView().meaning] : []), isOne ? " Quantiles are to the nearest thousandth of a score’s range." : "");
  const column = (/** @type {string} */ name, isNumber = true) => make("th", { scope: "col", class: isNumber ? "number" : false }, name);
  const perHead = () => heads.map((head) => column(`${HEADS[head].layer}.${HEADS[head].head}`));
  byId("head-scores-head").replaceChildren(column("score", false), ...(isOne ? [...SCORE_FIELDS.map((field) => column(FIELD_NAMES[field])), column("place")] : perHead()));
  refill(byId("head-scores"), QUANTITIES.filter(({ score }) => score).map((quantity) => headLine(quantity, isOne ? SCORE_FIELDS : null, "mean")));
  if (!DATA.relations.length) return;
  byId("head-relations-caption").textContent = "Of the words of each relation, the share that is right, beside the best fixed offset.";
  byId("head-relations-head").replaceChildren(column("relation", false), ...(isOne ? [column("from → to"), column("to → from"), column("gain over the offset"), column("place")] : perHead()), column("best offset"), column("words"));
  refill(byId("head-relations"), QUANTITIES.filter(({ relation }) => relation).map((quantity) => {
    const relation = /** @type {RelationData} */ (quantity.relation);
    const { offset, share } = bestOffset(relation);
    return headLine(quantity, isOne ? ["from_to", "to_from", "gain"] : null, "best",
      make("td", { class: "number" }, `${fieldText(share, "best")} at ${signedNumber(offset)}`), make("td", { class: "number" }, grouped(relation.words)));
  }));
}

/**
 * A line of a number: of one head its fields and its place, of several one each.
 * @param {Quantity} quantity
 * @param {string[] | null} fields
 * @param {string} main the field that ranks heads
 * @param {...HTMLElement} more
 */
function headLine(quantity, fields, main, ...more) {
  const isChosen = quantity.id === quantityInView().id;
  const numbers = numbersOfField(quantity, main);
  const cell = (/** @type {string} */ field, /** @type {number} */ head) => {
    const value = numbersOfField(quantity, field)[head];
    return make("td", { class: "number", title: exactText(value) }, fieldText(value, field, quantity));
  };
  const rank = rankOf(numbers, lastHead());
  return make("tr", { class: isChosen ? "chosen" : "", "data-quantity": quantity.id },
    make("th", { scope: "row" }, make("button", { type: "button", title: quantity.meaning, "aria-pressed": String(isChosen), onclick: () => changeField("quantity", quantity.id) }, make("bdi", {}, quantity.name))),
    ...(fields ? [...fields.map((field) => cell(field, state.heads[0])), make("td", { class: "number" }, rank === null ? "–" : grouped(rank))] : state.heads.map((head) => cell(main, head))),
    ...more);
}

/** @param {number} number */
function signedNumber(number) {
  return number > 0 ? `+${number}` : String(number).replace("-", "−");
}
