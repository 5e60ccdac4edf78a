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
      make("p", {}, `Values ${DATA.bits === 16 ? "are kept to a relative precision of 1 in 8,192 and shown with three digits; ranks are exact." : `are kept in 255 steps of each row’s maximum: none is off by more than ${DATA.largest_error.toPrecision(2)}. Ranks that this cannot tell apart are given as ranges.`}${DATA.compared?.difference.bits === 8 ? ` Of differences none is off by more than ${DATA.compared.difference.largest_error.toPrecision(2)}.` : ""}`),
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
