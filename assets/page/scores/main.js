// Puts the page together and keeps it up to date.

/** Makes everything but the numbers. */
function makePage() {
  byId("still").remove();
  byId("main").append(
    make("div", { class: "overview-figure" }, makeOverview("Point to look, click to choose, shift-click to add.", makeQuantityChoice()), makeColorBar()),
    make("section", { class: "stage", "aria-label": "Numbers of heads" },
      makeTabs({ heads: "All heads", head: "Chosen heads", layers: "Layers", inputs: "Inputs", relations: "Relations" }),
      make("div", { id: "panel", role: "tabpanel" }, makeHeads(), makeHead(), makeLayers(), makeInputs(), ...(DATA.relations.length ? [makeRelations()] : [])),
      make("div", { id: "readout", class: "readout" })),
    makeSettings());
  document.querySelector("body > footer")?.prepend(
    make("p", {}, "Keys in the grid: arrows move, Enter chooses, Shift adds, Esc keeps the last head alone. Numbers are shown with three digits, quantiles to the nearest thousandth of their range; tables that are saved have all digits."));
  document.body.append(make("p", { id: "said", class: "unseen", "aria-live": "polite" }));
}

/** @param {KeyboardEvent} event */
function pageKey(event) {
  const isInField = /** @type {Element} */ (event.target).closest("select, input, textarea") !== null;
  if (event.key !== "Escape" || isInField) return;
  hover.head = null;
  update({ heads: [lastHead()] });
  say(`${headName(lastHead())} alone`);
}

/** Draws what changed. */
function drawPage() {
  document.documentElement.dataset.theme = themeInView();
  drawControls();
  drawOverview();
  const views = { heads: drawHeads, head: drawHead, layers: drawLayers, inputs: drawInputs, relations: drawRelations };
  /** @type {Record<string, () => void>} */ (views)[state.view]();
  drawReadout();
}

async function start() {
  // Where nothing could be scored there is nothing to look around in.
  if (DATA.scores.length) {
    await unpack();
    readState(location.hash);
    makePage();
    overview.focus = state.heads[0];
    overview.cells[overview.focus].setAttribute("tabindex", "0");
    draw = drawPage;
    drawPage();
    document.addEventListener("keydown", pageKey);
    keepUpToDate();
  }
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

void start();
