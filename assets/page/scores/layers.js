// What is in view layer by layer: every head a dot, and the layers' means a line.

const layerView = { /** What it shows now. */ look: "" };

/** Makes the figure. */
function makeLayers() {
  return make("section", { id: "view-layers", class: "view", "aria-label": "Layers" },
    make("figure", {}, make("canvas", { id: "profile", role: "img", "aria-label": "Every head a dot, the mean of each layer a line; the table below has the numbers" }), make("figcaption", { id: "profile-caption" })),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of layers" }, make("table", { class: "numbers" },
      make("caption", { id: "layers-caption" }),
      make("thead", {}, make("tr", {}, ...["layer", "mean of its heads", "least", "", "greatest", ""].map((name) => make(name ? "th" : "td", name ? { scope: "col", class: name === "layer" ? false : "number" } : {}, name)))),
      make("tbody", { id: "layers" }))));
}

/**
 * What each layer's heads have.
 * @returns {{layer: number, mean: number, least: number, greatest: number}[]} heads, −1 where there is none
 */
function layersInView() {
  const numbers = numbersInView();
  return DATA.layers.map(({ layer }) => {
    const heads = HEADS.map((_, head) => head).filter((head) => HEADS[head].layer === layer && !Number.isNaN(numbers[head]));
    const outermost = (/** @type {number} */ turn) => heads.reduce((best, head) => (best < 0 || (numbers[head] - numbers[best]) * turn > 0 ? head : best), -1);
    return { layer, mean: heads.length ? heads.reduce((sum, head) => sum + numbers[head], 0) / heads.length : NaN, least: outermost(-1), greatest: outermost(1) };
  });
}

/**
 * Draws the profile into a box.
 * @param {Painter} painter
 * @param {number} width
 * @param {number} height
 */
function paintProfile(painter, width, height) {
  const [numbers, ink, field] = [numbersInView(), inks(), fieldInView()];
  const there = numbers.filter((number) => !Number.isNaN(number));
  const low = Math.min(0, ...there);
  const high = Math.max(low + 1e-12, ...there);
  const [left, right, top, bottom] = [64, width - 16, 14, height - 30];
  const x = (/** @type {number} */ row) => left + ((row + 0.5) / DATA.layers.length) * (right - left);
  const y = (/** @type {number} */ value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = low + share * (high - low);
    painter.box(left, y(value) - 0.5, right - left, 1, ink.rule);
    painter.text(left - 8, y(value), fieldText(+value.toPrecision(3), QUANTILES.includes(field) ? "mean" : field), { color: ink.faint, size: 11, align: "right" });
  }
  const every = Math.ceil(DATA.layers.length / 32);
  DATA.layers.forEach(({ layer }, row) => {
    if (row % every === 0) painter.text(x(row), bottom + 16, String(layer), { color: ink.faint, size: 11, align: "center" });
  });
  const layers = layersInView();
  layers.forEach(({ mean }, row) => {
    if (row > 0 && !Number.isNaN(mean) && !Number.isNaN(layers[row - 1].mean)) painter.curve([x(row - 1), y(layers[row - 1].mean)], [x(row), y(mean)], ink.ink, 2, 0.9);
  });
  HEADS.forEach(({ row }, head) => {
    if (Number.isNaN(numbers[head])) return;
    const isChosen = state.heads.includes(head) || hover.head === head;
    const size = isChosen ? 11 : 6;
    painter.box(x(row) - size / 2, y(numbers[head]) - size / 2, size, size, isChosen ? ink.accent : ink.faint, isChosen ? 1 : 0.75);
    if (isChosen) painter.text(x(row) + 10, y(numbers[head]), `${HEADS[head].layer}.${HEADS[head].head}`, { color: ink.accent, size: 12, bold: true });
  });
}

/** Draws what changed of the layers. */
function drawLayers() {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("profile"));
  const width = clamp(byId("view-layers").clientWidth, 280, 900);
  paintProfile(canvasPainter(fitted(canvas, width, 300)), width, 300);
  const look = [state.quantity, fieldInView(), state.heads].join();
  if (look === layerView.look) return;
  layerView.look = look;
  const [numbers, field] = [numbersInView(), fieldInView()];
  byId("profile-caption").replaceChildren(make("b", {}, `${nameInView()}. `), "Layers from left to right; every head is a dot, the line joins the means of the layers, and the chosen heads are named.");
  byId("layers-caption").textContent = `${nameInView()}, layer by layer`;
  const button = (/** @type {number} */ head) => make("td", {}, ...(head < 0 ? [] : [make("button", { type: "button", "aria-pressed": String(state.heads.includes(head)), onclick: (/** @type {MouseEvent} */ event) => chooseHead(head, event.shiftKey) }, headName(head))]));
  const number = (/** @type {number} */ value) => make("td", { class: "number", title: exactText(value) }, fieldText(value, field === "count" ? "mean" : field));
  refill(byId("layers"), layersInView().map(({ layer, mean, least, greatest }) => make("tr", {},
    make("th", { scope: "row" }, String(layer)), number(mean), number(numbers[least] ?? NaN), button(least), number(numbers[greatest] ?? NaN), button(greatest))));
}
