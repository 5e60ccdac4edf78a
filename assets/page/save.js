// Files and texts that are handed over, whatever a page shows.

/**
 * Hands a file over.
 * @param {Blob} blob
 * @param {string} name
 */
function handOver(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/**
 * A painter whose origin lies elsewhere.
 * @param {Painter} painter
 * @param {number} right
 * @param {number} down
 * @returns {Painter}
 */
function shifted(painter, right, down) {
  return {
    box: (x, y, ...rest) => painter.box(x + right, y + down, ...rest),
    frame: (x, y, ...rest) => painter.frame(x + right, y + down, ...rest),
    curve: ([x, y], [toX, toY], ...rest) => painter.curve([x + right, y + down], [toX + right, toY + down], ...rest),
    text: (x, y, ...rest) => painter.text(x + right, y + down, ...rest),
    pixels: (x, y, ...rest) => painter.pixels(x + right, y + down, ...rest),
  };
}

/** The view as the text of an SVG. */
function svgOfView() {
  const { width, height, paint } = drawing();
  const { painter, text } = svgPainter(width, height, inks().paper, document.title.replace(/ · attnviz$/, ""));
  paint(painter);
  return text();
}

/**
 * A field of a table, in quotes where it needs them.
 * @param {string | number} field
 */
function csvField(field) {
  const text = String(field);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {string} kind svg, png or csv */
function saveView(kind) {
  Object.assign(hover, { head: null, cell: null, unit: null });
  const name = `${fileStem()}.${kind}`;
  if (kind === "svg") handOver(new Blob([svgOfView()], { type: "image/svg+xml" }), name);
  else if (kind === "csv") handOver(new Blob([csvOfView()], { type: "text/csv" }), name);
  else {
    const { width, height, paint } = drawing();
    const canvas = document.createElement("canvas");
    const ratio = Math.min(2, Math.sqrt(30e6 / (width * height)));
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(ratio, ratio);
    context.fillStyle = inks().paper;
    context.fillRect(0, 0, width, height);
    paint(canvasPainter(context));
    canvas.toBlob((blob) => { if (blob) handOver(blob, name); }, "image/png");
  }
  say(`${name} saved`);
}

/**
 * What a shell takes for this word: in quotes where it needs them, of an option
 * with a value the value alone.
 * @param {string} word
 * @returns {string}
 */
function quoted(word) {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  const [, option, value] = /^(--[a-z-]+=)([^]*)$/.exec(word) || [];
  return option ? `${option}${value ? quoted(value) : ""}` : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {string} text
 * @param {string} what
 */
async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Where no clipboard is given, what is selected can be copied by hand.
    const area = /** @type {HTMLTextAreaElement} */ (make("textarea", { class: "unseen", readonly: true }));
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  byId("copied").textContent = `${what} is copied.`;
}

/**
 * A command with its text at the end, behind two hyphens where it begins like an
 * option.
 * @param {string[]} words behind `attnviz`
 * @param {string[]} options
 * @param {string} text
 */
function commandOf(words, options, text) {
  return ["attnviz", ...[...words, ...options].map(quoted), ...(text.startsWith("-") ? ["--"] : []), quoted(text)].join(" ");
}
