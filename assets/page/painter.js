// One drawing for the screen and for files: what draws a view asks a painter,
// and each painter is a canvas or an SVG.

/**
 * @typedef {object} TextLook
 * @property {string} color
 * @property {number} [size]
 * @property {CanvasTextAlign} [align]
 * @property {number} [turn] in degrees
 * @property {boolean} [bold]
 */

/**
 * @typedef {object} Painter
 * @property {(x: number, y: number, width: number, height: number, color: string, alpha?: number) => void} box
 * @property {(x: number, y: number, width: number, height: number, color: string, thickness: number) => void} frame
 * @property {(from: [number, number], to: [number, number], color: string, thickness: number, alpha: number, isDashed?: boolean) => void} curve
 * @property {(x: number, y: number, text: string, look: TextLook) => void} text
 * @property {(x: number, y: number, width: number, height: number, pixels: ImageData) => void} pixels
 */

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/**
 * @param {CanvasRenderingContext2D} context
 * @returns {Painter}
 */
function canvasPainter(context) {
  return {
    box(x, y, width, height, color, alpha = 1) {
      context.globalAlpha = alpha;
      context.fillStyle = color;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    },
    frame(x, y, width, height, color, thickness) {
      context.strokeStyle = color;
      context.lineWidth = thickness;
      context.strokeRect(x, y, width, height);
    },
    curve([x, y], [toX, toY], color, thickness, alpha, isDashed = false) {
      const middle = (x + toX) / 2;
      context.setLineDash(isDashed ? [5, 4] : []);
      context.globalAlpha = alpha;
      context.strokeStyle = color;
      context.lineWidth = thickness;
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(middle, y, middle, toY, toX, toY);
      context.stroke();
      context.globalAlpha = 1;
    },
    text(x, y, text, { color, size = 12, align = "left", turn = 0, bold = false }) {
      context.save();
      context.translate(x, y);
      context.rotate((turn * Math.PI) / 180);
      context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
      context.fillStyle = color;
      context.textAlign = align;
      context.textBaseline = "middle";
      context.fillText(text, 0, 0);
      context.restore();
    },
    pixels(x, y, width, height, pixels) {
      const sheet = sheetOf(pixels);
      // Cells stay sharp; what is smaller than a pixel is averaged.
      context.imageSmoothingEnabled = pixels.width > width;
      context.imageSmoothingQuality = "high";
      context.drawImage(sheet, x, y, width, height);
    },
  };
}

/**
 * A canvas of its own for some pixels.
 * @param {ImageData} pixels
 */
function sheetOf(pixels) {
  const sheet = document.createElement("canvas");
  sheet.width = pixels.width;
  sheet.height = pixels.height;
  /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d")).putImageData(pixels, 0, 0);
  return sheet;
}

/**
 * What XML takes a text for.
 * @param {string} text
 */
function escaped(text) {
  const without = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return without.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/**
 * A painter of an SVG, and what it has drawn.
 * @param {number} width
 * @param {number} height
 * @param {string} paper
 * @param {string} title
 * @returns {{painter: Painter, text: () => string}}
 */
function svgPainter(width, height, paper, title) {
  const round = (/** @type {number} */ number) => String(Math.round(number * 100) / 100);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="${escaped(FONT)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="${paper}"/>`,
  ];
  const rect = (/** @type {number[]} */ place, /** @type {string} */ look) => {
    const [x, y, wide, tall] = place.map(round);
    parts.push(`<rect x="${x}" y="${y}" width="${wide}" height="${tall}" ${look}/>`);
  };
  /** @type {Painter} */
  const painter = {
    box: (x, y, wide, tall, color, alpha = 1) => rect([x, y, wide, tall], `fill="${color}"${alpha < 1 ? ` fill-opacity="${round(alpha)}"` : ""}`),
    frame: (x, y, wide, tall, color, thickness) => rect([x, y, wide, tall], `fill="none" stroke="${color}" stroke-width="${round(thickness)}"`),
    curve([x, y], [toX, toY], color, thickness, alpha, isDashed = false) {
      const middle = round((x + toX) / 2);
      const path = `M${round(x)} ${round(y)}C${middle} ${round(y)} ${middle} ${round(toY)} ${round(toX)} ${round(toY)}`;
      parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="${round(thickness)}" stroke-opacity="${round(alpha)}"${isDashed ? ' stroke-dasharray="5 4"' : ""}/>`);
    },
    text(x, y, text, { color, size = 12, align = "left", turn = 0, bold = false }) {
      const anchor = { left: "start", start: "start", center: "middle", right: "end", end: "end" }[align];
      const rotated = turn ? ` transform="rotate(${turn} ${round(x)} ${round(y)})"` : "";
      parts.push(`<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${color}" text-anchor="${anchor}" dominant-baseline="central"${bold ? ' font-weight="600"' : ""}${rotated}>${escaped(text)}</text>`);
    },
    pixels(x, y, wide, tall, pixels) {
      if (pixels.width * pixels.height <= 4096) {
        const [cellWide, cellTall] = [wide / pixels.width, tall / pixels.height];
        parts.push('<g shape-rendering="crispEdges">');
        for (let row = 0; row < pixels.height; row += 1) {
          for (let column = 0; column < pixels.width; column += 1) {
            const [red, green, blue, alpha] = pixels.data.subarray((row * pixels.width + column) * 4);
            if (alpha) rect([x + column * cellWide, y + row * cellTall, cellWide, cellTall], `fill="rgb(${red},${green},${blue})"`);
          }
        }
        parts.push("</g>");
        return;
      }
      const address = sheetOf(pixels).toDataURL("image/png");
      parts.push(`<image x="${round(x)}" y="${round(y)}" width="${round(wide)}" height="${round(tall)}" preserveAspectRatio="none" image-rendering="pixelated" href="${address}"/>`);
    },
  };
  return { painter, text: () => `${parts.join("\n")}\n</svg>\n` };
}

/** The colours of paper and ink, as the style has them. */
function inks() {
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return { paper: color("--paper"), ink: color("--ink"), faint: color("--faint"), rule: color("--rule"), accent: color("--accent"), key: color("--key") };
}

/** The tables of colours, red, green, blue, unpacked when first asked for. @type {Map<string, Uint8Array>} */
const TABLES = new Map();

/** The table of the chosen colours. */
function colorTable() {
  if (isDifference()) return differenceTable();
  const held = TABLES.get(state.map);
  if (held) return held;
  const [, packed] = DATA.colormaps.find(([name]) => name === state.map) || DATA.colormaps[0];
  const table = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  TABLES.set(state.map, table);
  return table;
}

/**
 * The colour of a place on the scale, and black or white, whichever can be read
 * on it.
 * @param {number} place
 * @param {Uint8Array} [table]
 * @returns {[string, string]}
 */
function colorAt(place, table = colorTable()) {
  const isTurned = state.invert && table !== DIFFERENCE_TABLES.get(themeInView());
  const step = Math.round((isTurned ? 1 - place : place) * 255) * 3;
  const [red, green, blue] = table.subarray(step, step + 3);
  const linear = [red, green, blue].map((channel) => ((channel / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return [`rgb(${red},${green},${blue})`, luminance > 0.18 ? "#111114" : "#ffffff"];
}

/** What measures letters. @type {CanvasRenderingContext2D | null} */
let ruler = null;

/**
 * How wide a text is.
 * @param {string} text
 * @param {number} size
 */
function widthOf(text, size) {
  ruler ||= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  const font = `${size}px ${FONT}`;
  if (ruler.font !== font) ruler.font = font;
  return ruler.measureText(text).width;
}

/**
 * A label with as many letters as there is room for.
 * @param {string} label
 * @param {number} room
 * @param {number} size
 */
function fitting(label, room, size) {
  if (!label) return "“”";
  if (widthOf(label, size) <= room) return label;
  const letters = [...label];
  let [kept, less] = [0, letters.length];
  while (less - kept > 1) {
    const middle = (kept + less) >> 1;
    if (widthOf(`${letters.slice(0, middle).join("")}…`, size) <= room) kept = middle;
    else less = middle;
  }
  return `${letters.slice(0, kept).join("")}…`;
}

/**
 * A text in lines that have so much room, broken between words.
 * @param {string} text
 * @param {number} room
 * @param {number} size
 * @returns {string[]}
 */
function inLines(text, room, size) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (last >= 0 && widthOf(`${lines[last]} ${word}`, size) <= room) lines[last] += ` ${word}`;
    else lines.push(fitting(word, room, size));
  }
  return lines;
}

/**
 * A label that is short enough for its place.
 * @param {string} label
 * @param {number} most
 */
function shortened(label, most) {
  const letters = [...label];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : label || "“”";
}
