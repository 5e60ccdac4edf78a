// Choices, labels and tabs.

/**
 * A list of choices for a field of the state.
 * @param {string} field
 * @param {[string, string][]} options value and name
 */
function choice(field, options) {
  const list = make("select", { "data-field": field, onchange: () => changeField(field, /** @type {HTMLSelectElement} */ (list).value) },
    ...options.map(([value, name]) => make("option", { value }, name)));
  return list;
}

/**
 * A label with something in it.
 * @param {string} name
 * @param {HTMLElement} control
 */
function labelled(name, control) {
  return make("label", {}, make("span", {}, name), control);
}

/**
 * The views, as tabs.
 * @param {Record<string, string>} names
 */
function makeTabs(names) {
  return make("div", { class: "tabs", role: "tablist", "aria-label": "Views", onkeydown: tabKey }, ...VIEWS.map((view) =>
    make("button", { type: "button", role: "tab", id: `tab-${view}`, "aria-controls": "panel", onclick: () => update({ view }) }, names[view])));
}

/** @param {KeyboardEvent} event */
function tabKey(event) {
  const place = moved(event, [0, VIEWS.indexOf(state.view)], [1, VIEWS.length]);
  if (!place) return;
  event.preventDefault();
  update({ view: VIEWS[place[1]] });
  byId(`tab-${VIEWS[place[1]]}`).focus();
}

/** Shows in every control of a field what is so. */
function drawFields() {
  for (const control of document.querySelectorAll("[data-field]")) {
    const field = /** @type {keyof State} */ (control.getAttribute("data-field"));
    const input = /** @type {HTMLInputElement} */ (control);
    if (input.type === "checkbox") input.checked = Boolean(state[field]);
    else if (input.value !== String(state[field])) input.value = String(state[field]);
  }
}

/** Shows which view is open. */
function drawTabs() {
  for (const view of VIEWS) {
    const tab = byId(`tab-${view}`);
    tab.setAttribute("aria-selected", String(view === state.view));
    tab.tabIndex = view === state.view ? 0 : -1;
    byId(`view-${view}`).hidden = view !== state.view;
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${state.view}`);
}
