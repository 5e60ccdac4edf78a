// The sentence itself, shaded by what the chosen unit gives or gets; by the
// attention received where none is chosen.

const prose = { /** What the words show now. */ labels: "" };

/** Makes the figure. */
function makeText() {
  const list = (/** @type {0 | 1} */ side, /** @type {string} */ name) =>
    make("div", {
      id: `text-units-${side}`, class: "text-units across", role: "listbox", tabindex: "0", "aria-label": name, "aria-multiselectable": "true", "aria-orientation": "horizontal",
      onkeydown: (/** @type {KeyboardEvent} */ event) => unitKey(event, sideOfClick(side)), onclick: (/** @type {MouseEvent} */ event) => unitClick(event, sideOfClick(side)),
      onpointerover: (/** @type {PointerEvent} */ event) => unitHover(event, sideOfClick(side)), onpointerleave: () => hoverCell(null),
      onfocus: () => redraw(), onblur: () => hoverCell(null),
    });
  const texts = IS_SQUARE ? [list(1, "The text")] : [make("p", { class: "text-name" }, "queries"), list(0, "Queries"), make("p", { class: "text-name" }, "keys"), list(1, "Keys")];
  return make("figure", { id: "view-text", class: "view" }, ...texts, make("figcaption", { id: "text-caption" }));
}

/**
 * In a text that stands once, a click means what the direction says.
 * @param {0 | 1} side
 * @returns {0 | 1}
 */
function sideOfClick(side) {
  return IS_SQUARE ? (state.direction === "to" ? 1 : 0) : side;
}

/** What each column receives, a mean over the rows that can see it; what the filters
 * leave out is nothing. @returns {Band} */
function received() {
  const map = currentMap();
  const width = shape.columns.units.length;
  const mean = bandOf(width, 0);
  const counts = new Uint32Array(width);
  for (let row = 0; row < shape.rows.units.length; row += 1) {
    const band = bandInView(row);
    for (let column = 0; column < width; column += 1) {
      const cell = row * width + column;
      if (Number.isNaN(map[cell])) continue;
      counts[column] += 1;
      if (!heat.kept || heat.kept[cell]) mean.values[column] += band.values[column];
      if (isNearThreshold(band, column) && state.pair === "all" && state.mass >= 1) {
        // The exact one may be left out, or not.
        mean.low[column] += Math.min(0, band.low[column]);
        mean.high[column] += Math.max(0, band.high[column]);
      } else if (!heat.kept || heat.kept[cell]) {
        mean.low[column] += band.low[column];
        mean.high[column] += band.high[column];
      }
    }
  }
  for (const edge of EDGES) for (let column = 0; column < width; column += 1) mean[edge][column] /= counts[column] || 1;
  return mean;
}

/**
 * What shades the units of the text, and the sentence that says so.
 * @returns {{values: (Band | null)[], caption: string}}
 */
function shadesInView() {
  const chosen = unitsInView();
  const shares = sharesInView(chosen);
  const heads = headsInView();
  const whose = heads.length === 1 ? headName(heads[0]) : `the ${state.combine} of ${heads.length} heads`;
  const names = (/** @type {Shown[]} */ units, /** @type {number[]} */ places) => places.map((place) => `“${isolated(units[place].label)}”`).join(", ");
  const { rows, columns } = chosen;
  const left = heat.kept ? [" Links that the filters leave out count as 0.", ...nearTheFilters(heads.length > 1 ? [heads] : heads.map((head) => [head]))].join(" ") : "";
  if (!rows.length && !columns.length) {
    if (isDifference()) return { values: [null, received()], caption: `Each token is shaded by how much more (+) or less (−) attention it receives on the right side in ${whose}, a mean over all that can see it. Choose one to see what it gives.${left}` };
    return { values: [null, received()], caption: `Each token is shaded by the attention it receives in ${whose}, a mean over all that can see it. Choose one to see what it gives.${left}` };
  }
  const parts = [];
  if (rows.length) parts.push(`what ${names(shape.rows.units, rows)} ${rows.length > 1 ? "give" : "gives"}`);
  if (columns.length) parts.push(`what ${names(shape.columns.units, columns)} ${columns.length > 1 ? "get" : "gets"}`);
  const caption = `Shaded by ${isDifference() ? "how much more (+) or less (−) on the right is " : ""}${parts.join(" and ")} in ${whose}.${left}`;
  if (!IS_SQUARE) return { values: shares, caption };
  const [given, got] = [shares[1], shares[0]];
  if (given && got) return { values: [null, meanOfBands([given, got])], caption: `${caption} A mean of both.` };
  return { values: [null, given || got], caption };
}

/**
 * Whether a share of the text is shaded: what is next to nothing beside the
 * strongest stays paper, and so does what the encoding rounds to it.
 * @param {number} value
 * @param {number} most
 */
function canBeSeen(value, most) {
  return Math.abs(value) > most / 200;
}

/** Draws what changed of the text. */
function drawText() {
  currentMap();
  const sides = /** @type {(0 | 1)[]} */ (IS_SQUARE ? [1] : [0, 1]);
  if (prose.labels !== shapeKey) {
    prose.labels = shapeKey;
    for (const side of sides) fillUnits(side, "text", byId(`text-units-${side}`));
  }
  const { values, caption } = shadesInView();
  const chosen = unitsInView();
  for (const side of sides) {
    const list = byId(`text-units-${side}`);
    const own = IS_SQUARE ? [...chosen.rows, ...chosen.columns] : side === 0 ? chosen.rows : chosen.columns;
    const band = values[side];
    const shades = band && band.values;
    const most = shades ? Math.max(...shades.map(Math.abs)) : 1;
    const { place } = colorScale(most, maximumOfAll);
    const focus = IS_SQUARE ? strings.focus[sideOfClick(1)] : strings.focus[side];
    optionsOf(list).forEach((option, index) => {
      const isShaded = shades !== null && canBeSeen(shades[index], most);
      const [paper, ink] = isShaded ? colorAt(place(shades[index])) : ["", ""];
      option.style.backgroundColor = paper;
      option.style.color = ink;
      option.classList.toggle("chosen", own.includes(index));
      option.classList.toggle("focus", document.activeElement === list && focus === index);
      option.setAttribute("aria-selected", String(own.includes(index)));
      const share = /** @type {HTMLElement} */ (option.lastChild);
      const text = band && isShaded ? written(band, index) : "";
      if (share.textContent !== text) share.textContent = text;
    });
    list.setAttribute("aria-activedescendant", `text-${side}-${Math.min(focus, (side === 0 ? shape.rows : shape.columns).units.length - 1)}`);
  }
  byId("text-caption").textContent = caption;
}
