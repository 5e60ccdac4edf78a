// All heads as a table that sorts and selects.

const headTable = { /** What it shows now. */ look: "", /** @type {number[]} */ unlike: [], /** Whose likeness. */ of: -1 };

/** So many heads are listed. */
const MOST_ROWS = 500;

/** Makes the figure. */
function makeHeads() {
  return make("section", { id: "view-heads", class: "view", "aria-label": "Heads" },
    make("p", { class: "row" },
      make("label", {}, "layer ", choice("only", CHOICES.only.map((name) => [name, name === "all" ? "all" : name]))),
      make("button", { type: "button", id: "alike", onclick: sortByLikeness }, "heads like this one")),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of heads" }, make("table", { class: "numbers" },
      make("caption", { id: "heads-caption" }),
      make("thead", {}, make("tr", { id: "heads-head" })),
      make("tbody", { id: "heads" }))));
}

function sortByLikeness() {
  update({ sort: "unlike", order: "ascending" });
  say(`sorted by likeness to ${headName(lastHead())}`);
}

/** What the table is sorted by: a field of what is in view, the head or likeness. */
function sortInView() {
  const { fields } = quantityInView();
  return ["head", "unlike"].includes(state.sort) || fields.has(state.sort) ? state.sort : fieldInView();
}

/** How unlike the chosen head all are. */
function unlikeInView() {
  if (headTable.of !== lastHead()) Object.assign(headTable, { of: lastHead(), unlike: unlikeness(lastHead()) });
  return headTable.unlike;
}

/** The heads that the table has, in its order. */
function headsInOrder() {
  const sort = sortInView();
  const keys = sort === "head" ? HEADS.map((_, head) => head) : sort === "unlike" ? unlikeInView() : numbersOfField(quantityInView(), sort);
  const turn = state.order === "ascending" ? 1 : -1;
  const shown = HEADS.map((_, head) => head).filter((head) => state.only === "all" || String(HEADS[head].layer) === state.only);
  // What has no number comes last, whichever way; of equal ones the first head.
  const lacks = (/** @type {number} */ head) => Number(Number.isNaN(keys[head]));
  return shown.sort((one, other) => lacks(one) - lacks(other) || (keys[one] - keys[other]) * turn || one - other);
}

/** @param {string} by */
function sortBy(by) {
  const isSame = sortInView() === by;
  const first = ["head", "unlike"].includes(by) ? "ascending" : "descending";
  const other = state.order === "ascending" ? "descending" : "ascending";
  update({ sort: by, order: isSame ? other : first });
  say(`sorted by ${by === "head" ? "head" : FIELD_NAMES[by] || "likeness"}, ${state.order}`);
}

/** Draws what changed of the heads. */
function drawHeads() {
  const quantity = quantityInView();
  const [sort, field] = [sortInView(), fieldInView()];
  const isAlike = sort === "unlike";
  const look = [quantity.id, field, sort, state.order, state.only, state.heads].join();
  if (look === headTable.look) return;
  headTable.look = look;
  const fields = [...quantity.fields.keys()];
  const columns = ["head", ...(isAlike ? ["unlike"] : []), ...fields];
  const title = (/** @type {string} */ by) => (by === "head" ? "head" : by === "unlike" ? "unlike the chosen" : FIELD_NAMES[by]);
  refill(byId("heads-head"), columns.map((by) => make("th", { scope: "col", "data-by": by, class: by === "head" ? false : "number", "aria-sort": by === sort ? state.order : false },
    make("button", { type: "button", onclick: () => sortBy(by) }, title(by)))));
  const order = headsInOrder();
  const numbers = new Map(fields.map((name) => [name, numbersOfField(quantity, name)]));
  const values = numbers.get(field) || [];
  const most = values.reduce((greatest, value) => Math.max(greatest, Math.abs(value) || 0), 1e-30);
  const hidden = order.length - Math.min(order.length, MOST_ROWS);
  byId("heads-caption").replaceChildren(
    isAlike ? make("b", {}, `The heads that are most like ${headName(lastHead())}. `) : make("b", {}, `${quantity.name}. `),
    isAlike ? "How far their scores are apart: each in standard deviations over all heads, the root of the mean square." : `${quantity.meaning}${quantity.score ? ` ${quantity.score.quantiles}` : ""}`,
    ...(hidden ? [` ${counted(hidden, "more head")}: choose a layer.`] : []));
  refill(byId("heads"), order.slice(0, MOST_ROWS).map((head) => {
    const isChosen = state.heads.includes(head);
    const line = make("tr", { class: isChosen ? "chosen" : "", "data-row": head },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(isChosen), onclick: (/** @type {MouseEvent} */ event) => chooseHead(head, event.shiftKey) }, headName(head))),
      ...(isAlike ? [make("td", { class: "number", "data-unlike": "" }, fieldText(unlikeInView()[head], "unlike"))] : []),
      ...fields.map((name) => make("td", { class: "number", title: exactText((numbers.get(name) || [])[head]) },
        ...(name === field ? [make("span", { class: "bar" })] : []), make("span", { class: name === field ? "beside-bar" : false }, fieldText((numbers.get(name) || [])[head], name)))));
    line.style.setProperty("--share", String(Math.abs(values[head]) / most || 0));
    line.addEventListener("pointerenter", () => hoverHead(head));
    line.addEventListener("pointerleave", () => hoverHead(null));
    return line;
  }));
}

/**
 * A number with all of its digits, as the tables in the folder have it.
 * @param {number} value
 */
function exactText(value) {
  return Number.isNaN(value) ? "" : shortest(value);
}

/**
 * The shortest decimal number that is nearest to this one of single precision.
 * @param {number} value
 */
function shortest(value) {
  for (let digits = 1; digits < 10; digits += 1) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === Math.fround(value)) return String(text);
  }
  return String(value);
}
