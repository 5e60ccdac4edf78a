// What is turned and clicked beside the views.

/**
 * @param {string} field
 * @param {string | boolean} value
 */
function changeField(field, value) {
  // What another score or relation has no name for is its first number.
  update({ [field]: value, ...(field === "quantity" ? { sort: DEFAULTS.sort, order: DEFAULTS.order } : {}) });
  if (field === "quantity" || field === "field") say(`${nameInView()}`);
}

/** What colours the heads. */
function makeQuantityChoice() {
  const list = choice("quantity", []);
  const group = (/** @type {string} */ name, /** @type {Quantity[]} */ quantities) => make("optgroup", { label: name }, ...quantities.map(({ id, name: own }) => make("option", { value: id }, own)));
  const [scores, relations] = [QUANTITIES.filter(({ score }) => score), QUANTITIES.filter(({ relation }) => relation)];
  list.append(group("scores", scores), ...(relations.length ? [group("relations", relations)] : []));
  return make("div", { class: "grid-choice" }, labelled("colour heads by", list), labelled("their", choice("field", [])));
}

/** What is known of the number in view. */
function drawFieldChoice() {
  const list = /** @type {HTMLSelectElement} */ (document.querySelector('[data-field="field"]'));
  const fields = [...quantityInView().fields.keys()];
  if (list.dataset.fields === fields.join()) return;
  list.dataset.fields = fields.join();
  list.replaceChildren(...fields.map((field) => make("option", { value: field }, FIELD_NAMES[field])));
}

/** How it looks, what is taken along. */
function makeSettings() {
  const invert = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", "data-field": "invert", onchange: () => changeField("invert", invert.checked) }));
  const group = (/** @type {string} */ name, /** @type {HTMLElement[]} */ ...controls) =>
    make("details", { class: "group", open: window.innerWidth > 700 }, make("summary", {}, name), make("div", { class: "fields" }, ...controls));
  return make("aside", { class: "settings", "aria-label": "Settings" },
    group("Colours",
      labelled("colours", choice("map", CHOICES.map.map((name) => [name, name]))),
      labelled("from and to", choice("scale", [["own", "least and greatest of these"], ["shared", "0 and the greatest in the same unit"]])),
      labelled("steps", choice("color", [["linear", "linear"], ["logarithmic", "logarithmic"]])),
      labelled("paper", choice("theme", [["auto", "as the system"], ["light", "light"], ["dark", "dark"]])),
      make("label", { class: "check" }, invert, "turned around")),
    group("Take along",
      make("div", { class: "buttons" }, ...["svg", "png", "csv"].map((kind) => make("button", { type: "button", id: `save-${kind}`, onclick: () => saveView(kind) }, kind.toUpperCase())),
        make("button", { type: "button", id: "copy-link", onclick: () => copyText(location.href, "The link") }, "copy link")),
      make("p", { id: "no-picture", class: "hint" }, "This view is a table and is saved as CSV; pictures are of All heads and of Layers."),
      make("pre", { id: "command", tabindex: "0", "aria-label": "Command that makes these scores again" }, commandInView()),
      ...(DATA.place ? [make("p", { class: "hint" }, "Run it ", DATA.place, ".")] : []),
      make("button", { type: "button", id: "copy-command", onclick: () => copyText(commandInView(), "The command") }, "copy command"),
      make("p", { id: "copied", class: "hint", role: "status" })),
    make("button", { type: "button", id: "reset", class: "quiet", onclick: () => update({ ...DEFAULTS, view: state.view, heads: [lastHead()] }) }, "start over"));
}

/** Shows in every control what is so. */
function drawControls() {
  drawFieldChoice();
  drawFields();
  for (const kind of ["svg", "png"]) byId(`save-${kind}`).toggleAttribute("disabled", !hasPicture());
  byId("no-picture").hidden = hasPicture();
  const list = /** @type {HTMLSelectElement} */ (document.querySelector('[data-field="field"]'));
  list.value = fieldInView();
  // Colours of what has a sign are linear about 0; what is alone shares with nothing.
  const isAlone = isDifference() && DATA.relations.length < 2;
  for (const [field, isIdle, why] of /** @type {[string, boolean, string][]} */ ([["color", isDifference(), "a gain has linear colours about 0"], ["scale", isAlone, "no other relation is there to share colours with"]])) {
    const control = /** @type {HTMLElement} */ (document.querySelector(`[data-field="${field}"]`));
    control.toggleAttribute("disabled", isIdle);
    control.title = isIdle ? why : "";
  }
  drawTabs();
}

/** The head that is pointed to or chosen, in words. */
function drawReadout() {
  const head = headInView();
  const quantity = quantityInView();
  const [field, numbers] = [fieldInView(), numbersInView()];
  const rank = rankOf(numbers, head);
  const of = (/** @type {string} */ name) => fieldText(numbersOfField(quantity, name)[head], name);
  const more = quantity.score
    ? `mean ${of("mean")} ± ${of("deviation")}, 5 % ${of("p05")}, median ${of("p50")}, 95 % ${of("p95")}, over ${counted(numbersOfField(quantity, "count")[head], "input")}`
    : `from → to ${of("from_to")}, to → from ${of("to_from")}, gain over the best offset ${of("gain")}`;
  byId("readout").replaceChildren(make("bdi", {}, headName(head)), make("span", {}, nameInView()), make("b", { class: "value" }, fieldText(numbers[head], field)),
    make("span", {}, rank === null ? "empty" : `place ${grouped(rank)} of ${grouped(HEADS.length)}`), make("span", { class: "each" }, more));
}
