// The strongest links, and the heads by what they do, as tables that select.

const tables = {
  /** What the table of links shows now. */ links: "",
  /** Which column it is sorted by, and whether the least comes first. */ by: "value", up: false,
  /** Whether every cell counts, or the strongest of every query alone. */ all: false,
  /** What the table of heads shows now. */ heads: "", headsUp: false,
  /** How unlike the chosen head the others are, by head. @type {{of: number, values: Float64Array} | null} */ distances: null,
};

/** So many links are listed. */
const MOST_LINKS = 100;

/**
 * @typedef {{row: number, column: number, value: number}} Link
 */

/** The strongest links of the map in view, the greatest first. @returns {Link[]} */
function strongestLinks() {
  const map = currentMap();
  const { rows, columns } = shape;
  const width = columns.units.length;
  const counts = [rows, columns].map(({ units }) => {
    const hasText = units.some((unit) => !unit.aside);
    return units.map((unit) => tables.all || !hasText || !unit.aside);
  });
  /** @type {Link[]} */
  const links = [];
  for (let row = 0; row < rows.units.length; row += 1) {
    if (!counts[0][row]) continue;
    /** @type {Link | null} */
    let best = null;
    let allowed = 0;
    // Of one head the exact order, so that the first of equal digits is the right one.
    const ranks = ranksOf(row);
    const rank = (/** @type {number} */ column) => ranks.low[column] + ranks.high[column];
    for (let column = 0; column < width; column += 1) {
      const cell = row * width + column;
      const value = map[cell];
      if (!Number.isNaN(value)) allowed += 1;
      if (!(Math.abs(value) > 0) || !counts[1][column] || (heat.kept && !heat.kept[cell])) continue;
      if (tables.all) links.push({ row, column, value });
      else if (!best || rank(column) > rank(best.column)) best = { row, column, value };
    }
    // A query that may see one key alone has no choice.
    if (best && !(allowed === 1 && width > 1 && best.value > 0.99)) links.push(best);
  }
  return links.sort((left, right) => Math.abs(right.value) - Math.abs(left.value) || left.row - right.row || left.column - right.column).slice(0, MOST_LINKS);
}

/** Makes the figure. */
function makeLinks() {
  const all = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", onchange: () => { tables.all = all.checked; redraw(); } }));
  const header = (/** @type {string} */ name, /** @type {string} */ by) => make("th", { scope: "col", "data-by": by },
    make("button", { type: "button", onclick: () => { tables.up = tables.by === by ? !tables.up : by !== "value"; tables.by = by; redraw(); } }, name));
  return make("section", { id: "view-links", class: "view", "aria-label": "Strongest links" },
    make("label", { class: "check" }, all, "every link, not the strongest of each token alone"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of links" }, make("table", { class: "links" },
      make("caption", { id: "links-caption" }),
      make("thead", {}, make("tr", {}, header("from", "from"), header("to", "to"), header(DATA.compared ? "value" : "attention", "value"), header("distance", "distance"))),
      make("tbody", { id: "links" }))));
}

/** Draws what changed of the links. */
function drawLinks() {
  currentMap();
  const look = [heat.key, tables.by, tables.up, tables.all, state.cell].join();
  if (look === tables.links) return;
  tables.links = look;
  const { rows, columns } = shape;
  const of = {
    from: (/** @type {Link} */ link) => link.row,
    to: (/** @type {Link} */ link) => link.column,
    value: (/** @type {Link} */ link) => Math.abs(link.value),
    distance: (/** @type {Link} */ link) => columns.units[link.column].first - rows.units[link.row].first,
  }[tables.by] || (() => 0);
  const links = strongestLinks().sort((left, right) => (of(left) - of(right)) * (tables.up ? 1 : -1));
  const most = Math.max(...links.map((link) => Math.abs(link.value)), 1e-9);
  for (const header of document.querySelectorAll("[data-by]")) {
    if (header.getAttribute("data-by") === tables.by) header.setAttribute("aria-sort", tables.up ? "ascending" : "descending");
    else header.removeAttribute("aria-sort");
  }
  byId("links").replaceChildren(...links.map((link) => {
    const [from, to] = [rows.units[link.row], columns.units[link.column]];
    const isLocked = state.cell && state.cell[0] === from.first && state.cell[1] === to.first;
    const line = make("tr", { class: isLocked ? "chosen" : "" },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(Boolean(isLocked)), onclick: () => lockCell([link.row, link.column]) }, make("bdi", {}, from.label), make("small", {}, ` @${from.first}`))),
      make("td", {}, make("bdi", {}, to.label), make("small", {}, ` @${to.first}`)),
      make("td", { class: "number" }, make("span", { class: "bar" }), written(bandInView(link.row), link.column)),
      make("td", { class: "number" }, IS_SQUARE ? signed(to.first - from.first) : "–"));
    line.style.setProperty("--share", String(Math.abs(link.value) / most));
    line.addEventListener("pointerenter", () => hoverCell([link.row, link.column]));
    line.addEventListener("pointerleave", () => hoverCell(null));
    return line;
  }));
  const heads = headsInView();
  const whose = heads.length === 1 ? headName(heads[0]) : `the ${state.combine} of ${heads.length} heads`;
  byId("links-caption").textContent = `${isDifference() ? "The greatest differences, right − left," : "The strongest links"} of ${whose}. Choose one to lock it in every view.${orderNote()}`;
}

/** What is to be known of an order by values that are rounded. */
function orderNote() {
  const near = heat.kept ? ["Links that the filters leave out are missing.", ...nearTheFilters(headsInView().length > 1 ? [headsInView()] : headsInView().map((head) => [head]))] : [];
  return ["", ...near, "Which of several with the same digits is first, their exact values may tell otherwise."].join(" ");
}

/** @param {number} number */
function signed(number) {
  return number > 0 ? `+${number}` : String(number).replace("-", "−");
}

/** The score that heads are sorted by. */
function scoreInView() {
  return DATA.scores.find((score) => score.name === state.score) || DATA.scores[0];
}

/** Makes the figure. */
function makeHeads() {
  return make("section", { id: "view-heads", class: "view", "aria-label": "Heads" },
    make("p", { class: "row" }, make("label", {}, "sort by ", choice("score", DATA.scores.map(({ name }) => [name, scoreName(name)]))),
      make("button", { type: "button", onclick: () => { tables.headsUp = !tables.headsUp; redraw(); } }, "turn around"),
      make("button", { type: "button", id: "alike", onclick: () => measureLikeness() }, "heads like this one")),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of heads" }, make("table", { class: "heads" },
      make("caption", { id: "heads-caption" }),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "head"), make("th", { scope: "col", id: "score-name" }), make("th", { scope: "col" }, "unlike the chosen, bits"))),
      make("tbody", { id: "heads" }))));
}

/** Draws what changed of the heads. */
function drawHeads() {
  const score = scoreInView();
  const chosen = state.heads[state.heads.length - 1];
  const alike = tables.distances && tables.distances.of === chosen ? tables.distances : null;
  const look = [score?.name, tables.headsUp, state.heads, alike ? alike.of : "", hover.head].join();
  if (!score || look === tables.heads) return;
  tables.heads = look;
  const value = (/** @type {number} */ head) => score.values[head];
  // Differences come by their sizes.
  const size = (/** @type {number} */ head) => (score.signed && score.values[head] !== null ? Math.abs(Number(score.values[head])) : score.values[head]);
  const order = HEADS.map((_, head) => head);
  // Where likeness is measured it sorts; what has no score comes last.
  if (alike) order.sort((left, right) => alike.values[left] - alike.values[right]);
  else order.sort((left, right) => ((size(right) ?? -Infinity) - (size(left) ?? -Infinity)) * (tables.headsUp && value(left) !== null && value(right) !== null ? -1 : 1) || left - right);
  const numbers = /** @type {number[]} */ (score.values.filter((number) => number !== null));
  const most = Math.max(...numbers.map(Math.abs), 1e-9);
  byId("score-name").textContent = `${scoreName(score.name)}, ${score.unit}`;
  byId("heads-caption").textContent = alike
    ? `The heads that are most like ${headName(chosen)}: Jensen–Shannon divergence, a mean over its rows.`
    : `All heads by ${scoreName(score.name)}${score.paper ? ` (${score.paper})` : ""}, over the tokens as the model saw them.`;
  byId("heads").replaceChildren(...order.map((head) => {
    const own = value(head);
    const line = make("tr", { class: state.heads.includes(head) ? "chosen" : "" },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(state.heads.includes(head)), onclick: (/** @type {MouseEvent} */ event) => chooseHead(head, event.shiftKey) }, headName(head))),
      make("td", { class: "number" }, make("span", { class: "bar" }), own === null ? "–" : numberText(own, score.signed)),
      make("td", { class: "number" }, alike ? (DATA.bits === 8 && head !== chosen ? `≈${alike.values[head].toFixed(2)}` : alike.values[head].toFixed(3)) : ""));
    line.style.setProperty("--share", String(own === null ? 0 : Math.abs(own) / most));
    return line;
  }));
}

/** Measures how unlike the chosen head all others are, some at a time. */
function measureLikeness() {
  const chosen = state.heads[state.heads.length - 1];
  const entropyTerm = (/** @type {number} */ value) => (value > 0 ? value * Math.log2(value) : 0);
  // Of a comparison the sides themselves are alike or not.
  const side = isDifference() ? 0 : sideInView();
  const own = rawMap(chosen, side);
  const values = new Float64Array(HEADS.length);
  const sumOf = (/** @type {Float32Array} */ map) => map.reduce((sum, value) => sum + entropyTerm(value), 0);
  const ownSum = sumOf(own);
  const from = (/** @type {number} */ head) => {
    const until = Math.min(HEADS.length, head + Math.max(1, Math.floor(1e6 / own.length)));
    for (let other = head; other < until; other += 1) {
      const map = rawMap(other, side);
      let middle = 0;
      for (let cell = 0; cell < map.length; cell += 1) middle += entropyTerm(((own[cell] || 0) + (map[cell] || 0)) / 2);
      values[other] = other === chosen ? 0 : Math.max(0, ((ownSum + sumOf(map)) / 2 - middle) / QUERIES);
    }
    if (LIFE.aborted) return;
    if (until < HEADS.length) setTimeout(() => from(until), 0);
    else {
      tables.distances = { of: chosen, values };
      say(`sorted by likeness to ${headName(chosen)}`);
      redraw();
    }
  };
  from(0);
}
