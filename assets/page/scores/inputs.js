// The inputs at both ends of a score of a head.

const inputView = { /** What it shows now. */ look: "" };

/** Makes the figure. */
function makeInputs() {
  return make("section", { id: "view-inputs", class: "view", "aria-label": "Inputs" },
    make("p", { id: "inputs-caption", class: "hint" }),
    make("div", { id: "ends" }));
}

/**
 * The inputs at both ends of what is in view, of the head that was chosen last.
 * @returns {[ExampleData[], ExampleData[]]}
 */
function endsInView() {
  const place = DATA.scores.findIndex(({ name }) => name === quantityInView().id);
  return examples.ends[place]?.[lastHead()] || [[], []];
}

/**
 * What draws an input; nothing where the text here is not all of it.
 * @param {number} place
 */
function drawCommand(place) {
  const { text, pair, whole } = examples.inputs[place];
  const { layer, head } = HEADS[lastHead()];
  if (!whole || text === null) return "";
  const options = [...(pair === null ? [] : [`--pair=${pair}`]), ...DATA.draw, "--layers", String(layer), "--heads", String(head), "--format", "html"];
  return commandOf(["encode"], options, text);
}

/** Draws what changed of the inputs. */
function drawInputs() {
  const look = [state.quantity, state.heads].join();
  if (look === inputView.look) return;
  inputView.look = look;
  const { name, score } = quantityInView();
  const head = headName(lastHead());
  const ends = endsInView();
  const isThere = ends.some((end) => end.length);
  byId("inputs-caption").textContent = !score ? "Relations are counted over all inputs: choose a score to see inputs at its ends."
    : isThere ? `The inputs in which ${head} has most and least ${name}.` : DATA.examples ? `${name} makes no sense for any input of ${head}.` : "So many heads have too many examples for a page: examples.jsonl has them.";
  byId("ends").replaceChildren(...(score && isThere ? ["Most", "Least"].map((title, end) => make("section", { class: "end", "aria-label": `${title} ${name}` },
    make("h3", {}, `${title} ${name}`),
    make("ol", {}, ...ends[end].map(exampleLine)))) : []));
}

/**
 * An input with its value.
 * @param {ExampleData} example
 */
function exampleLine([place, value, ...link]) {
  const { id, text, pair } = examples.inputs[place];
  const command = drawCommand(place);
  const [query, queryLabel, key, keyLabel, attention] = link;
  return make("li", {},
    make("p", { class: "text", dir: "auto" }, text ?? ""),
    ...(pair === null ? [] : [make("p", { class: "text pair", dir: "auto" }, pair)]),
    make("p", { class: "where" }, make("b", { title: exactText(value) }, numberText(value, false)), " · ", make("bdi", { class: "id" }, id),
      ...(attention === undefined ? [] : [" · strongest link ", make("bdi", {}, examples.labels[Number(queryLabel)]), ` @${query} → `, make("bdi", {}, examples.labels[Number(keyLabel)]), ` @${key} ${numberText(attention, false)}`])),
    ...(command ? [make("p", { class: "where" }, make("button", { type: "button", class: "quiet", onclick: () => copyText(command, "The command that draws it") }, "copy the command that draws it"))] : []));
}
