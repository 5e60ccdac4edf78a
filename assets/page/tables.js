// The strongest links, and the heads by what they do, as tables that select.

const tables = {
  /** What the table of links shows now. */ links: "",
  /** What the table of heads shows now. */ heads: "",
  /** How unlike a head the others are, by head; while that is measured, NaN. @type {{of: number, side: number, values: Float64Array} | null} */ distances: null,
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
    return units.map((unit) => state.links === "all" || !hasText || !unit.aside);
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
      if (state.links === "all") links.push({ row, column, value });
      else if (!best || rank(column) > rank(best.column)) best = { row, column, value };
    }
    // A query that may see one key alone has no choice.
    if (best && !(allowed === 1 && width > 1 && best.value > 0.99)) links.push(best);
  }
  return links.sort((left, right) => Math.abs(right.value) - Math.abs(left.value) || left.row - right.row || left.column - right.column).slice(0, MOST_LINKS);
}

/** Makes the figure. */
function makeLinks() {
  const all = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", id: "every-link", onchange: () => update({ links: all.checked ? "all" : "best" }) }));
  const header = (/** @type {string} */ name, /** @type {string} */ by) => make("th", { scope: "col", "data-by": by },
    make("button", { type: "button", onclick: () => sortLinks(by) }, name));
  return make("section", { id: "view-links", class: "view", "aria-label": "Strongest links" },
    make("label", { class: "check" }, all, "every link, not the strongest of each token alone"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of links" }, make("table", { class: "links" },
      make("caption", { id: "links-caption" }),
      make("thead", {}, make("tr", {}, header("from", "from"), header("to", "to"), header(DATA.compared ? "value" : "attention", "value"), header("distance", "distance"))),
      make("tbody", { id: "links" }))));
}

/**
 * Sorts the links by a column, turned around where they are so already.
 * @param {string} by
 */
function sortLinks(by) {
  const isUp = state.by === by ? state.order === "down" : by !== "value";
  update({ by, order: isUp ? "up" : "down" });
  say(`sorted by ${by}, ${isUp ? "ascending" : "descending"}`);
}

/** The strongest links in the order of their table. */
function sortedLinks() {
  const { rows, columns } = shape;
  const of = {
    from: (/** @type {Link} */ link) => link.row,
    to: (/** @type {Link} */ link) => link.column,
    value: (/** @type {Link} */ link) => Math.abs(link.value),
    distance: (/** @type {Link} */ link) => columns.units[link.column].first - rows.units[link.row].first,
  }[state.by] || (() => 0);
  return strongestLinks().sort((left, right) => (of(left) - of(right)) * (state.order === "up" ? 1 : -1));
}

/** Draws what changed of the links. */
function drawLinks() {
  currentMap();
  /** @type {HTMLInputElement} */ (byId("every-link")).checked = state.links === "all";
  const look = [heat.key, state.by, state.order, state.links, heldCells()].join();
  if (look === tables.links) return;
  tables.links = look;
  const { rows, columns } = shape;
  const links = sortedLinks();
  const most = Math.max(...links.map((link) => Math.abs(link.value)), 1e-9);
  for (const header of document.querySelectorAll("[data-by]")) {
    if (header.getAttribute("data-by") === state.by) header.setAttribute("aria-sort", state.order === "up" ? "ascending" : "descending");
    else header.removeAttribute("aria-sort");
  }
  refill(byId("links"), links.map((link) => {
    const [from, to] = [rows.units[link.row], columns.units[link.column]];
    const isLocked = isHeld([link.row, link.column]);
    const line = make("tr", { class: isLocked ? "chosen" : "", "data-key": `${link.row},${link.column}` },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(isLocked), onclick: (/** @type {MouseEvent} */ event) => lockCell([link.row, link.column], event.shiftKey) }, make("bdi", {}, from.label), make("small", {}, ` @${from.first}`))),
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
      make("button", { type: "button", id: "turn", onclick: () => update({ turned: state.turned === "yes" ? "no" : "yes" }) }, "turn around"),
      make("button", { type: "button", id: "alike", onclick: () => update({ alike: state.heads[state.heads.length - 1], turned: "no" }) }, "heads like this one")),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of heads" }, make("table", { class: "heads" },
      make("caption", { id: "heads-caption" }),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "head"), make("th", { scope: "col", id: "score-name" }), make("td", { id: "unlike-name" }))),
      make("tbody", { id: "heads" }))));
}

/** The heads in the order of their table. @returns {number[]} */
function sortedHeads() {
  const score = scoreInView();
  const order = HEADS.map((_, head) => head);
  const turn = state.turned === "yes" ? -1 : 1;
  const unlike = unlikenessInView();
  if (unlike) return order.sort((left, right) => (unlike[left] - unlike[right]) * turn || left - right);
  const value = (/** @type {number} */ head) => score?.values[head] ?? null;
  // Differences come by their sizes; what has no score comes last.
  const size = (/** @type {number} */ head) => (score?.signed && value(head) !== null ? Math.abs(Number(value(head))) : value(head));
  return order.sort((left, right) => ((size(right) ?? -Infinity) - (size(left) ?? -Infinity)) * (value(left) !== null && value(right) !== null ? turn : 1) || left - right);
}

/** How unlike the head of `state.alike` all are; null where that is not asked or not yet measured. */
function unlikenessInView() {
  const { distances } = tables;
  return distances && isMeasured() && !Number.isNaN(distances.values[0]) ? distances.values : null;
}

/** The side whose heads are alike or not: of a comparison the sides themselves. */
function sideOfLikeness() {
  return isDifference() ? 0 : sideInView();
}

/** Whether likeness to the head that is asked for is measured, or is being so. */
function isMeasured() {
  return tables.distances?.of === state.alike && tables.distances?.side === sideOfLikeness();
}

/** Draws what changed of the heads. */
function drawHeads() {
  const score = scoreInView();
  if (state.alike !== null && !isMeasured()) measureLikeness(state.alike);
  const unlike = unlikenessInView();
  byId("turn").setAttribute("aria-pressed", String(state.turned === "yes"));
  const look = [score?.name, state.turned, state.heads, unlike ? [state.alike, sideOfLikeness()] : ""].join();
  if (!score || look === tables.heads) return;
  tables.heads = look;
  const value = (/** @type {number} */ head) => score.values[head];
  const numbers = /** @type {number[]} */ (score.values.filter((number) => number !== null));
  const most = Math.max(...numbers.map(Math.abs), 1e-9);
  byId("score-name").textContent = `${scoreName(score.name)}, ${score.unit}`;
  byId("unlike-name").textContent = unlike && state.alike !== null ? `unlike ${headName(state.alike)}, bits` : "";
  byId("heads-caption").textContent = unlike && state.alike !== null
    ? `The heads that are ${state.turned === "yes" ? "least" : "most"} like ${headName(state.alike)} first: Jensen–Shannon divergence, a mean over its rows.`
    : `All heads by ${scoreName(score.name)}${score.paper ? ` (${score.paper})` : ""}, over the tokens as the model saw them.`;
  refill(byId("heads"), sortedHeads().map((head) => {
    const own = value(head);
    const line = make("tr", { class: state.heads.includes(head) ? "chosen" : "", "data-key": head },
      make("th", { scope: "row" }, make("button", { type: "button", "aria-pressed": String(state.heads.includes(head)), onclick: (/** @type {MouseEvent} */ event) => chooseHead(head, event.shiftKey) }, headName(head))),
      make("td", { class: "number" }, make("span", { class: "bar" }), own === null ? "–" : numberText(own, score.signed)),
      make("td", { class: "number" }, unlike ? (DATA.bits === 8 && head !== state.alike ? `≈${unlike[head].toFixed(2)}` : unlike[head].toFixed(3)) : ""));
    line.style.setProperty("--share", String(own === null ? 0 : Math.abs(own) / most));
    return line;
  }));
}

/**
 * Measures how unlike a head all others are, some at a time.
 * @param {number} chosen
 */
function measureLikeness(chosen) {
  const entropyTerm = (/** @type {number} */ value) => (value > 0 ? value * Math.log2(value) : 0);
  const side = sideOfLikeness();
  const own = rawMap(chosen, side);
  const values = new Float64Array(HEADS.length);
  const measured = { of: chosen, side, values: values.map(() => NaN) };
  tables.distances = measured;
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
    if (LIFE.aborted || tables.distances !== measured) return;
    if (until < HEADS.length) setTimeout(() => from(until), 0);
    else {
      measured.values = values;
      say(`sorted by likeness to ${headName(chosen)}`);
      redraw();
    }
  };
  from(0);
}
