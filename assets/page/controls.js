// What is turned and clicked beside the views.

/**
 * @param {string} field
 * @param {string | boolean} value
 */
function changeField(field, value) {
  // Places of the map are counted by what is shown.
  const shifts = ["tokens", "special", "sink"].includes(field);
  /** @type {Partial<State>} */
  const others = {};
  if (shifts) others.zoom = null;
  // Who asks for a score anew wants the greatest first, who asks where colours end
  // no other ends.
  if (field === "score") Object.assign(others, { alike: null, turned: "no" });
  if (field === "scale") Object.assign(others, { vmin: null, vmax: null });
  update({ [field]: value, ...others });
}

/** Which layer, which heads of it, how several become one. */
function makeHeadBar() {
  const slider = /** @type {HTMLInputElement} */ (make("input", {
    type: "range", id: "layer", min: 0, max: DATA.layers.length - 1, step: 1, oninput: () => chooseLayer(Number(slider.value)),
  }));
  return make("div", { class: "head-bar" },
    make("label", { class: "layer" }, make("span", { id: "layer-name" }), slider),
    make("div", { class: "chips", id: "chips", role: "group", "aria-label": "Heads of this layer" }),
    make("label", { id: "combine" }, make("span", {}, "together as "), choice("combine", [["mean", "mean"], ["max", "max"], ["sum", "sum"]])));
}

/**
 * Goes to another layer; the heads stay those of the same numbers, where it has them.
 * @param {number} row
 */
function chooseLayer(row) {
  const { layer, heads } = DATA.layers[row];
  const numbers = new Set(state.heads.map((head) => HEADS[head].head));
  const kept = heads.filter((head) => numbers.has(head));
  update({ heads: (kept.length ? kept : [heads[0]]).map((head) => findHead(layer, head)) });
}

/** The chips of the layer in view, and of chosen heads of others. */
function drawHeadBar() {
  const row = layerInView();
  const slider = /** @type {HTMLInputElement} */ (byId("layer"));
  slider.value = String(row);
  slider.setAttribute("aria-valuetext", `layer ${DATA.layers[row].layer}`);
  byId("layer-name").textContent = `Layer ${DATA.layers[row].layer}`;
  slider.hidden = DATA.layers.length < 2;
  const heads = HEADS.map((_, head) => head).filter((head) => HEADS[head].row === row || state.heads.includes(head));
  const chips = byId("chips");
  const wanted = heads.join();
  if (chips.getAttribute("data-heads") !== wanted) {
    chips.setAttribute("data-heads", wanted);
    refill(chips, heads.map((head) => make("button", {
      type: "button", class: "chip", "data-chip": head, "data-key": head, "aria-label": headName(head), title: "Click adds or takes away, double-click keeps this one alone",
      onclick: () => chooseHead(head, true), ondblclick: () => chooseHead(head, false),
    }, HEADS[head].row === row ? String(HEADS[head].head) : `${HEADS[head].layer}.${HEADS[head].head}`)));
  }
  for (const chip of /** @type {HTMLElement[]} */ ([...chips.children])) {
    const head = Number(chip.getAttribute("data-chip"));
    const isChosen = state.heads.includes(head);
    chip.setAttribute("aria-pressed", String(isChosen));
    chip.style.setProperty("--chip", isChosen && state.heads.length > 1 ? headColor(head) : "");
  }
  byId("combine").hidden = state.heads.length < 2;
}

/** Which way, what is hidden, what is left out, how it looks. */
function makeSettings() {
  const hasPairs = STREAMS.some((stream) => stream.segments.includes(1));
  const hasSpecial = STREAMS.some((stream) => stream.special.includes(1));
  const hasWords = STREAMS.some((stream) => stream.words.length < stream.labels.length);
  const search = /** @type {HTMLInputElement} */ (make("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: "a token or @position",
    oninput: () => searchUnits(search.value, false), onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") searchUnits(search.value, true); } }));
  const range = (/** @type {"min" | "mass"} */ field, /** @type {string} */ name, /** @type {Record<string, number>} */ ends) => {
    const input = /** @type {HTMLInputElement} */ (make("input", { type: "range", "data-field": field, ...ends, oninput: () => update({ [field]: Number(input.value) }) }));
    return make("label", {}, make("span", {}, name, " ", make("output", { id: `${field}-text` })), input);
  };
  const bound = (/** @type {string} */ name, /** @type {number} */ place) => make("input", { type: "number", id: `window-${place}`, "aria-label": name, min: 0, max: QUERIES - 1, onchange: changeWindow });
  const invert = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", "data-field": "invert", onchange: () => changeField("invert", invert.checked) }));
  const group = (/** @type {string} */ name, /** @type {(HTMLElement | false)[]} */ ...controls) =>
    make("details", { class: "group", open: window.innerWidth > 700 }, make("summary", {}, name), make("div", { class: "fields" }, .../** @type {HTMLElement[]} */ (controls.filter(Boolean))));
  const directions = { from: "what it gives", to: "what it gets", both: "both" };
  return make("aside", { class: "settings", "aria-label": "Settings" },
    group("Tokens",
      labelled("find", search), make("p", { id: "found", class: "hint" }),
      labelled("a chosen token shows", choice("direction", CHOICES.direction.map((name) => [name, /** @type {Record<string, string>} */ (directions)[name]]))),
      hasWords && labelled("units", choice("tokens", [["subword", "tokens"], ["word", "words"]])),
      hasSpecial && labelled("special tokens", choice("special", [["keep", "shown"], ["hide", "hidden"], ["renormalize", "hidden, rows back to 1"]])),
      labelled("first token", choice("sink", [["keep", "shown"], ["hide", "hidden"]])),
      IS_SQUARE && make("div", { class: "stretch", role: "group", "aria-label": "Stretch of the input" }, make("span", {}, "stretch"), bound("first position", 0), "to", bound("last position", 1))),
    group("Filters",
      range("min", "at least:", { min: 0, max: 1, step: 0.005 }),
      range("mass", "strongest of each row:", { min: 0.05, max: 1, step: 0.01 }),
      hasPairs && labelled("texts", choice("pair", [["all", "all"], ["AB", "A → B"], ["BA", "B → A"], ["AA", "within A"], ["BB", "within B"]]))),
    group("Colours",
      labelled("colours", choice("map", CHOICES.map.map((name) => [name, name]))),
      labelled("up to", choice("scale", [["auto", "what can be read"], ["head", "each map’s maximum"], ["run", "the maximum of all"], ["unit", "1"], ["asked", ""]])),
      labelled("steps", choice("color", [["linear", "linear"], ["logarithmic", "logarithmic"]])),
      labelled("paper", choice("theme", [["auto", "as the system"], ["light", "light"], ["dark", "dark"]])),
      make("label", { class: "check" }, invert, "turned around")),
    group("Take along",
      make("div", { class: "buttons" }, ...["svg", "png", "csv"].map((kind) => make("button", { type: "button", id: `save-${kind}`, onclick: () => saveView(kind) }, kind.toUpperCase())),
        make("button", { type: "button", id: "copy-link", onclick: () => copyText(location.href, "The link") }, "copy link")),
      make("pre", { id: "command", tabindex: "0", "aria-label": "Command that draws this again" }),
      make("p", { id: "command-note", class: "hint" }),
      make("button", { type: "button", id: "copy-command", onclick: () => copyText(commandInView(), "The command") }, "copy command"),
      make("p", { id: "copied", class: "hint", role: "status" })),
    make("button", { type: "button", id: "reset", class: "quiet", onclick: reset }, "start over"));
}

/** Everything as it was. */
function reset() {
  const heads = state.heads.slice(-1);
  Object.assign(hover, { head: null, cell: null, unit: null });
  update({ ...DEFAULTS, view: state.view, heads });
}

/** Takes the stretch that was typed. */
function changeWindow() {
  const [from, to] = [0, 1].map((place) => /** @type {HTMLInputElement} */ (byId(`window-${place}`)).value);
  const first = clamp(Math.floor(Number(from || 0)), 0, QUERIES - 1);
  const last = clamp(Math.floor(Number(to || QUERIES - 1)), first, QUERIES - 1);
  update({ window: first === 0 && last === QUERIES - 1 ? null : [first, last], zoom: null });
}

let lastFound = -1;

/**
 * Looks for a unit by what it is called or by its position, and locks it.
 * @param {string} text
 * @param {boolean} goesOn to the next one
 */
function searchUnits(text, goesOn) {
  const wanted = text.trim().toLocaleLowerCase();
  const position = /^@(\d+)$/.exec(wanted);
  const isFound = (/** @type {{label: string, first: number, count: number}} */ unit) => (position ? unit.first <= Number(position[1]) && unit.first + unit.count > Number(position[1]) : unit.label.toLocaleLowerCase().includes(wanted));
  const axes = [shape.rows, shape.columns];
  // Where keys are other units than queries, both are searched.
  const sides = IS_SQUARE ? [state.direction === "to" ? 1 : 0] : [0, 1];
  const found = wanted ? sides.flatMap((side) => axes[side].units.map((unit, index) => ({ unit, index, side })).filter(({ unit }) => isFound(unit))) : [];
  const isElsewhere = !found.length && sides.some((side) => STREAMS[side].labels.some((label, first) => isFound({ label, first, count: 1 })));
  byId("found").textContent = !wanted ? "" : found.length ? `${found.length} found${found.length > 1 ? "; Enter goes to the next" : ""}` : isElsewhere ? "not among the tokens that are shown" : "not found";
  if (!found.length) return;
  lastFound = goesOn ? (lastFound + 1) % found.length : 0;
  const { unit, index, side } = found[lastFound];
  const direction = IS_SQUARE ? state.direction : side === 0 ? "from" : "to";
  update({ units: [unit.first], cell: null, direction });
  if (state.zoom) bringIntoView(direction === "to" ? null : index, direction === "from" ? null : index);
  scrollLines(index);
  say(`${unit.label}, ${lastFound + 1} of ${found.length}`);
}

/** Shows where colours end where that was asked for. */
function drawEnds() {
  const list = /** @type {HTMLSelectElement} */ (document.querySelector('select[data-field="scale"]'));
  const asked = list.options[list.options.length - 1];
  asked.hidden = state.vmin === null && state.vmax === null;
  asked.textContent = [...(state.vmin === null ? [] : [`from ${state.vmin}`]), ...(state.vmax === null ? [] : [`to ${state.vmax}`]), "as asked for"].join(" ");
  if (!asked.hidden) list.value = "asked";
}

/** Shows in every control what is so. */
function drawControls() {
  drawFields();
  drawEnds();
  byId("min-text").textContent = state.min ? String(+state.min.toPrecision(3)) : "no threshold";
  byId("mass-text").textContent = state.mass < 1 ? `${Math.round(state.mass * 100)} % of it` : "all of it";
  const ends = state.window || [0, QUERIES - 1];
  for (const place of [0, 1]) {
    const input = /** @type {HTMLInputElement | null} */ (document.getElementById(`window-${place}`));
    if (input && document.activeElement !== input) input.value = String(ends[place]);
  }
  drawTabs();
  for (const kind of ["svg", "png"]) byId(`save-${kind}`).hidden = ["links", "heads", "neurons"].includes(state.view);
  byId("command").textContent = commandInView();
  byId("command-note").textContent = commandNote();
  for (const id of ["command", "copy-command"]) byId(id).hidden = !DATA.command.length;
  drawSides();
}

/** Thresholds reach as far as the map does. */
function drawThreshold() {
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector('input[data-field="min"]'));
  const most = Math.max(+heat.maximum.toPrecision(2), state.min) || 1;
  if (!input || input.max === String(most)) return;
  input.max = String(most);
  input.step = String(most / 200);
  input.value = String(state.min);
}

/** What is pointed to or locked, in words. */
function drawReadout() {
  const readout = byId("readout");
  const places = cellsInView();
  const { rows, columns } = unitsInView();
  /** @type {(Node | string)[]} */
  let parts = [make("span", { class: "hint" }, "Point at a cell or a token for its numbers; click to hold it, Esc to let go.")];
  if (places.length) {
    const one = (/** @type {[number, number]} */ place) => {
      const { from, to, value, rank, sides } = describedCell(place);
      return [make("bdi", {}, from), " → ", make("bdi", {}, to), " ", make("b", { class: "value" }, value), " ", make("span", {}, [sides, rank].filter(Boolean).join(", "))];
    };
    parts = places.length === 1 ? one(places[0]) : places.slice(-4).map((place) => make("span", { class: "of-unit" }, ...one(place)));
    const heads = headsInView();
    const cell = places[places.length - 1];
    if (places.length === 1 && heads.length > 1 && heads.length <= 8) {
      parts.push(make("span", { class: "each" }, heads.map((head) => `${HEADS[head].layer}.${HEADS[head].head}: ${written(bandInView(cell[0], sideInView(), [head]), cell[1])}`).join("   ")));
    }
  } else if (rows.length || columns.length) {
    const one = (/** @type {0 | 1} */ side) => (/** @type {number} */ index) => make("span", { class: "of-unit" }, make("bdi", {}, (side === 0 ? shape.rows : shape.columns).units[index].label), ` ${describedUnit(side, index)}`);
    parts = [...rows.slice(0, 3).map(one(0)), ...columns.slice(0, 3).map(one(1))];
  }
  readout.replaceChildren(...parts);
}
