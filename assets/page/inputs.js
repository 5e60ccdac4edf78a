// The list of a page of several inputs, and which of them is open. Of one input
// alone there is no list.

/** Whether the page has several inputs. */
const HAS_LIST = document.getElementById("list") !== null;

/** The inputs that can be opened. @type {HTMLElement[]} */
const INPUTS = [...document.querySelectorAll("#inputs > .input")].map((element) => /** @type {HTMLElement} */ (element));

/**
 * What an input is called.
 * @param {HTMLElement} input
 */
function idOf(input) {
  return decodeURIComponent(input.dataset.id || "");
}

/** What is open: its element, and what ends when another one is opened. */
const opened = { element: byId("inputs"), life: new AbortController() };

/** What an address keeps where it goes on to another input. */
const KEPT_FIELDS = ["view", "layer", "heads", "combine", "direction", "special", "sink", "tokens", "scale", "color", "map", "theme", "score", "turned", "links", "by", "order", "side", "grid", "invert"];

/**
 * The input that an address names, else the first.
 * @param {string} address
 */
function inputOf(address) {
  const name = new URLSearchParams(address.replace(/^#/, "")).get("input");
  return INPUTS.find((input) => idOf(input) === name) || INPUTS[0];
}

/**
 * Goes to an input; views and looks stay.
 * @param {HTMLElement} input
 */
function goTo(input) {
  const now = new URLSearchParams(location.hash.replace(/^#/, ""));
  const kept = KEPT_FIELDS.flatMap((name) => (now.has(name) ? [`${name}=${now.get(name)}`] : []));
  location.hash = [`input=${encodeURIComponent(idOf(input))}`, ...kept].join("&");
}

/** The links of the list. @returns {HTMLAnchorElement[]} */
function inputLinks() {
  return [...document.querySelectorAll("#list a")].map((link) => /** @type {HTMLAnchorElement} */ (link));
}

/**
 * Goes on by so many inputs.
 * @param {number} step
 */
function stepInputs(step) {
  const next = INPUTS.indexOf(opened.element) + step;
  if (INPUTS[next]) goTo(INPUTS[next]);
}

/**
 * Shows the inputs of the list that have all of these words.
 * @param {string} text
 */
function searchInputs(text) {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const lines = [...document.querySelectorAll("#list li")].map((line) => /** @type {HTMLElement} */ (line));
  for (const line of lines) {
    const own = (line.textContent || "").toLocaleLowerCase();
    line.hidden = !words.every((word) => own.includes(word));
  }
  const shown = lines.filter((line) => !line.hidden).length;
  byId("inputs-found").textContent = words.length ? `${shown} of ${lines.length} found` : "";
}

/** Puts search and steps over the list. */
function makeListBar() {
  const search = /** @type {HTMLInputElement} */ (make("input", {
    type: "search", id: "search-inputs", placeholder: "word or id", oninput: () => searchInputs(search.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && search.value) {
        // The input that is open keeps what is chosen in it.
        event.preventDefault();
        event.stopPropagation();
        search.value = "";
        searchInputs("");
      }
      if (event.key === "Enter") inputLinks().find((link) => !link.closest("li")?.hidden)?.click();
    },
  }));
  const step = (/** @type {string} */ id, /** @type {string} */ name, /** @type {number} */ by) => make("button", { type: "button", id, onclick: () => stepInputs(by) }, name);
  const bar = make("div", { class: "row" },
    make("label", { class: "find-input" }, "find an input ", search),
    make("span", { id: "inputs-found", class: "hint", role: "status" }),
    step("previous-input", "‹ previous", -1), step("next-input", "next ›", 1),
    make("span", { id: "opened", role: "status" }),
    make("p", { id: "no-such-input", class: "hint", role: "status" }));
  const heading = document.querySelector("#list > h2");
  if (heading) heading.after(bar);
  else byId("list").prepend(bar);
}

/**
 * What an address names that cannot be opened is said, and the address put right:
 * what is open stays, else the first.
 */
function correctAddress() {
  const fields = new URLSearchParams(location.hash.replace(/^#/, ""));
  const name = fields.get("input");
  const isThere = name === null || INPUTS.some((input) => idOf(input) === name);
  const note = byId("no-such-input");
  if (isThere) {
    // What was said of an address stands until the reader goes on.
    if (idOf(inputOf(location.hash)) !== note.dataset.instead) note.replaceChildren();
    return;
  }
  const failed = [...document.querySelectorAll("#list .failed .id")].some((id) => id.textContent === name);
  const instead = idOf(INPUTS.includes(opened.element) ? opened.element : INPUTS[0]);
  note.dataset.instead = instead;
  note.replaceChildren(failed ? "The input " : "There is no input ", make("b", {}, make("bdi", {}, String(name))), failed ? " failed, as the list says. " : ". ", make("b", {}, make("bdi", {}, instead)), " is open instead.");
  const rest = KEPT_FIELDS.flatMap((field) => (fields.has(field) ? [`${field}=${fields.get(field)}`] : []));
  history.replaceState(null, "", `#${[`input=${encodeURIComponent(instead)}`, ...rest].join("&")}`);
}

/** Shows in the list which input is open. */
function drawList() {
  const place = INPUTS.indexOf(opened.element);
  byId("opened").replaceChildren(`input ${place + 1} of ${INPUTS.length}: `, make("bdi", {}, idOf(opened.element)));
  for (const [id, next] of /** @type {[string, number][]} */ ([["previous-input", place - 1], ["next-input", place + 1]])) {
    byId(id).toggleAttribute("disabled", !INPUTS[next]);
  }
  for (const link of inputLinks()) {
    const isOpen = inputOf(link.hash) === opened.element;
    if (isOpen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    // Within the list alone: the page stays where it is.
    const [list, line] = [link.closest("ol"), link.closest("li")];
    if (isOpen && list && line && (line.offsetTop < list.scrollTop || line.offsetTop + line.offsetHeight > list.scrollTop + list.clientHeight)) list.scrollTop = line.offsetTop;
  }
}

/**
 * Opens the input that the address names, unless it is open.
 * @param {() => void} open
 */
function openNamed(open) {
  correctAddress();
  const element = inputOf(location.hash);
  if (element === opened.element) return;
  opened.life.abort();
  Object.assign(opened, { element, life: new AbortController() });
  delete document.documentElement.dataset.ready;
  for (const part of [...byId("main").children, ...document.querySelectorAll("body > footer, #said")]) {
    if (part.id !== "inputs") part.remove();
  }
  drawList();
  open();
}

/**
 * Opens the page: its input, or one of several and then others in its place.
 * @param {() => void} open
 */
function openInputs(open) {
  if (!HAS_LIST) {
    open();
    return;
  }
  if (!INPUTS.length) {
    document.documentElement.dataset.ready = "yes";
    return;
  }
  makeListBar();
  // Without a script an address leads to an input's article, where a browser may
  // have gone already.
  for (const input of INPUTS) input.removeAttribute("id");
  window.scrollTo(0, 0);
  byId("list").addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(inputOf(link.hash));
  });
  // What leads to a place in an input leads the reader there, too.
  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("a.look")) byId("main").scrollIntoView({ behavior: isCalm() ? "auto" : "smooth" });
  });
  // Before that of the input that is open, which then hears nothing more.
  window.addEventListener("hashchange", () => openNamed(open));
  openNamed(open);
}
