// Elements, and what every file needs of the document.

/**
 * Makes an element. Attributes that begin with "on" are listeners; `undefined`
 * and `false` leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * An element that the page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no #${id}`);
  return element;
}

/**
 * A canvas with as many pixels as the screen has for it, emptied.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width in CSS pixels
 * @param {number} height in CSS pixels
 * @returns {CanvasRenderingContext2D}
 */
function fitted(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(16e6 / Math.max(1, width * height)));
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
    canvas.width = pixelWidth;
    canvas.height = pixelHeight;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * A number between two.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

/**
 * Gives the screen reader something to say.
 * @param {string} sentence
 */
function say(sentence) {
  byId("said").textContent = sentence;
}

/** Letters that are written from right to left, and marks that turn directions. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A label within a sentence, whose order it leaves as it is.
 * @param {string} label
 */
function isolated(label) {
  return TURNS.test(label) ? `\u2068${label}\u2069` : label;
}

/**
 * Puts other elements in place of those that are there. The keyboard stays where it
 * was: on the one of the same key, or else of the same place.
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} children
 */
function refill(parent, children) {
  const keyOf = (/** @type {HTMLElement} */ child) => child.dataset.key ?? child.dataset.row ?? child.dataset.quantity ?? child.dataset.by;
  const buttonsOf = (/** @type {HTMLElement} */ child) => (child.matches("button") ? [child] : /** @type {HTMLElement[]} */ ([...child.querySelectorAll("button")]));
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const all = /** @type {HTMLElement[]} */ ([...parent.children]);
  const holder = all.find((child) => child.contains(active));
  const [place, button] = holder ? [all.indexOf(holder), buttonsOf(holder).indexOf(active)] : [-1, -1];
  parent.replaceChildren(...children);
  if (!holder || !children.length) return;
  const key = keyOf(holder);
  const next = (key !== undefined && children.find((child) => keyOf(child) === key)) || children[Math.min(place, children.length - 1)];
  const buttons = buttonsOf(next);
  (buttons[button] || buttons[0])?.focus({ preventScroll: true });
}

/** Whether the reader wants things to stand still. */
function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Moves among things with the arrows: gives the next place, or null where the
 * key is no arrow, Home or End. With Ctrl, Home and End go to the first and the
 * last of all.
 * @param {KeyboardEvent} event
 * @param {[number, number]} place row and column
 * @param {[number, number]} counts rows and columns
 * @returns {[number, number] | null}
 */
function moved(event, [row, column], [rows, columns]) {
  const all = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "ArrowUp": return [Math.max(0, row - 1), column];
    case "ArrowDown": return [Math.min(rows - 1, row + 1), column];
    case "ArrowLeft": return [row, Math.max(0, column - 1)];
    case "ArrowRight": return [row, Math.min(columns - 1, column + 1)];
    case "PageUp": return [Math.max(0, row - 10), column];
    case "PageDown": return [Math.min(rows - 1, row + 10), column];
    case "Home": return [all ? 0 : row, 0];
    case "End": return [all ? rows - 1 : row, columns - 1];
    default: return null;
  }
}

/**
 * The bytes of a text that is compressed by zlib, in base64.
 * @param {string} text
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function inflatedText(text) {
  if (!text) return new Uint8Array(0);
  const decode = /** @type {any} */ (Uint8Array).fromBase64;
  const packed = decode ? decode.call(Uint8Array, text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
