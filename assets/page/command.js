// The command that draws what is shown again, and in words what of that it leaves
// out or draws otherwise.

/**
 * Numbers as a list of the command line: stretches as their ends.
 * @param {Iterable<number>} numbers
 */
function listed(numbers) {
  const sorted = [...new Set(numbers)].sort((left, right) => left - right);
  /** @type {[number, number][]} */
  const stretches = [];
  for (const number of sorted) {
    const last = stretches[stretches.length - 1];
    if (last && last[1] === number - 1) last[1] = number;
    else stretches.push([number, number]);
  }
  return stretches.map(([from, to]) => (from === to ? from : to === from + 1 ? `${from},${to}` : `${from}-${to}`)).join(",");
}

/** The heads that the command draws: of the table of heads all. */
function headsOfCommand() {
  return state.view === "heads" ? HEADS : state.heads.map((head) => HEADS[head]);
}

/**
 * What shades the text, as a view of the command line; null where no unit that is
 * shown is chosen.
 * @returns {string | null}
 */
function shadingView() {
  const { rows, columns } = unitsLocked();
  if (rows.length) return `text:@${shape.rows.units[rows[0]].first}`;
  return columns.length ? `to:@${shape.columns.units[columns[0]].first}` : null;
}

/** The units that are held, wherever the pointer is. */
function unitsLocked() {
  const { cell, unit } = hover;
  Object.assign(hover, { cell: null, unit: null });
  const locked = unitsInView();
  Object.assign(hover, { cell, unit });
  return locked;
}

/** The command that draws what is shown, as near as the command line comes. */
function commandInView() {
  if (!DATA.command.length) return "";
  if (DATA.compared) return ["attnviz", ...DATA.command.map(quoted)].join(" ");
  const [command, text, ...options] = DATA.command;
  const add = (/** @type {string} */ name, /** @type {string | number} */ value) => options.push(`--${name}`, String(value));
  const heads = headsOfCommand();
  add("layers", listed(heads.map(({ layer }) => layer)));
  add("heads", listed(heads.map(({ head }) => head)));
  if (state.view === "neurons") {
    // They are seen in a page alone.
    add("format", "html");
    return commandOf([command], options, text);
  }
  const several = state.heads.length > 1 ? (state.combine === "max" ? "max" : "mean") : "heads";
  const plain = { lines: "lines", text: shadingView() || "text", heads: "scores" }[state.view];
  add("views", plain || several);
  if (state.view === "links") {
    add("top-k", MOST_LINKS);
    if (state.links === "all") add("links", "all");
  }
  if (state.tokens !== "subword") add("tokens", state.tokens);
  if (state.special !== "keep") add("special-tokens", state.special);
  if (state.sink !== "keep") add("sink", state.sink);
  if (state.window) add("crop", state.window.join("-"));
  if (["head", "unit", "run"].includes(state.scale)) add("scale", state.scale);
  if (state.color !== "linear") add("color-scale", state.color);
  // A negative number would be taken for an option.
  for (const name of /** @type {const} */ (["vmin", "vmax"])) if (state[name] !== null) options.push(`--${name}=${state[name]}`);
  if (state.map !== CHOICES.map[0]) add("colormap", state.map);
  if (state.invert) options.push("--invert");
  if (themeInView() === "dark") add("theme", "dark");
  return commandOf([command], options, text);
}

/** What is to be known of the command: where it is run, and what it draws otherwise. */
function commandNote() {
  if (!DATA.command.length) return "";
  const where = DATA.place ? [`Run it ${DATA.place}.`] : [];
  if (DATA.compared) return [...where, "It makes this page anew; what is chosen in it the link keeps."].join(" ");
  const otherwise = drawnOtherwise();
  return [...where, ...(otherwise.length ? [`It draws ${otherwise.join("; ")}. The link keeps all of it.`] : [])].join(" ");
}

/** What the command draws that is not shown. @returns {string[]} */
function drawnOtherwise() {
  const { view, combine } = state;
  const several = state.heads.length > 1;
  const layers = new Set(state.heads.map((head) => HEADS[head].layer));
  const numbers = new Set(state.heads.map((head) => HEADS[head].head));
  const isOneMap = several && !["heads", "lines", "neurons"].includes(view);
  const { rows, columns } = unitsLocked();
  const chosen = rows.length + columns.length;
  return [
    view !== "heads" && several && layers.size * numbers.size !== state.heads.length && "all of these heads in each of these layers",
    isOneMap && view !== "text" && combine === "sum" && "the mean of the heads in place of their sum",
    isOneMap && view === "text" && combine !== "mean" && `the mean of the heads in place of their ${combine === "max" ? "maximum" : "sum"}`,
    isOneMap && view !== "text" && layers.size > 1 && `the ${combine === "max" ? "maximum" : "mean"} of each layer, too`,
    (state.min > 0 || state.mass < 1 || state.pair !== "all") && !["heads", "neurons"].includes(view) && "links that the filters leave out",
    state.zoom && view === "map" && "all of the map",
    view === "map" && (chosen > 0 || state.cell) && "no mark of what is held",
    view === "lines" && chosen > 0 && "the lines of all tokens, not of those that are held alone",
    view === "text" && chosen > 1 && "the first chosen token alone",
    view === "text" && !rows.length && columns.length > 0 && "what it gets as rows of numbers, layer by layer, in place of the text",
    view === "links" && "the map, with its links in a list beside it",
    view === "links" && (state.by !== "value" || state.order !== "down") && "them from the strongest to the weakest",
    view === "heads" && "a picture of every score in place of the sorted table",
    view === "heads" && state.alike !== null && "no likeness, which --views similarity draws",
    view === "neurons" && "a page, in which this is one of the views",
  ].filter((part) => typeof part === "string");
}
