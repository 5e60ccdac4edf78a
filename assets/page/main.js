// Puts the page together and keeps it up to date.

/** Makes everything but the numbers. */
function makePage() {
  if (!HAS_LIST) OPENED.querySelector(".still")?.remove();
  byId("inputs").hidden = true;
  byId("main").append(
    makeOverview("Point to look, click to choose, shift-click to add.", ...(DATA.compared ? [make("div", { class: "grid-choice" }, makeGridChoice())] : [])),
    make("section", { class: "stage", "aria-label": "Chosen heads" },
      ...(DATA.compared ? [makeSides()] : []),
      makeHeadBar(),
      makeTabs({ map: "Map", lines: "Lines", text: "Text", links: "Links", heads: "Heads", neurons: "Neurons" }),
      make("div", { id: "panel", role: "tabpanel" }, makeMap(), makeLines(), makeText(), makeLinks(), makeHeads(), ...(DATA.neurons ? [makeNeurons()] : [])),
      make("div", { id: "readout", class: "readout" })),
    makeSettings());
  document.body.append(
    make("footer", {},
      make("p", { id: "precision" }),
      make("p", {}, "Keys: arrows move, Enter holds, Esc lets go, Shift adds; + and − zoom the map."),
      make("p", {}, `Made by attnviz ${DATA.attnviz}.`)),
    make("p", { id: "said", class: "unseen", "aria-live": "polite" }));
}

/** Draws what changed. */
function drawPage() {
  document.documentElement.dataset.theme = themeInView();
  const moved = reshape();
  if (moved) Object.assign(hover, { cell: null, unit: null });
  drawControls();
  drawHeadBar();
  drawOverview();
  const views = { map: drawMap, lines: drawLines, text: drawText, links: drawLinks, heads: drawHeads, neurons: drawNeurons };
  /** @type {Record<string, () => void>} */ (views)[state.view]();
  drawThreshold();
  drawReadout();
  drawPrecision();
}

let precisionKey = "";

/** How exact the numbers in view are. */
function drawPrecision() {
  const heads = headsInView();
  const key = [shapeKey, heads, heads.length > 1 ? state.combine : "", state.side].join();
  // The table of heads has numbers that were not rounded.
  if (key === precisionKey) return;
  precisionKey = key;
  const kept = DATA.bits === 16
    ? "Values are kept to 1 part in 4,096."
    : `Values are kept in ${STEPS} steps of the greatest of their row, those of special tokens and of the first one to 1 part in 4,096.`;
  byId("precision").textContent = `${kept} Those of this map are known to within ${knownTo()}, and have the digits that this allows: the last one is off by 1 at most. Ranks are ranges where values are too near to tell.`;
}

/** @param {KeyboardEvent} event */
function pageKey(event) {
  const isTyping = event.target instanceof HTMLInputElement && !["range", "checkbox"].includes(event.target.type);
  if (event.key === "Escape") {
    if (heat.box) heat.box = null;
    free();
  } else if (event.key === "/" && !isTyping && !event.ctrlKey) {
    event.preventDefault();
    byId("search").focus();
  }
}

async function start() {
  await unpack();
  // Somebody opened another input meanwhile.
  if (LIFE.aborted) return;
  readState(location.hash);
  makePage();
  overview.focus = state.heads[0];
  overview.cells[overview.focus].setAttribute("tabindex", "0");
  if (HAS_LIST) document.title = `${DATA.captions.join(" / ")} · ${DATA.model} · attnviz`;
  draw = drawPage;
  drawPage();
  document.addEventListener("keydown", pageKey, { signal: LIFE });
  keepUpToDate();
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

void start();
