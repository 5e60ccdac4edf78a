// Light or dark, and paper that is printed.

/** Whether paper is light or dark now. */
function themeInView() {
  if (isPrinting) return "light";
  if (state.theme !== "auto") return state.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** While it is so, what lies over a canvas is not drawn anew: Chromium prints the
 * steps of such a drawing, of which the first clears what lies below, too. */
let isPrinting = false;

/** Draws anew what the reader, the system or a printer wants otherwise. */
function keepUpToDate() {
  const untilClosed = { signal: LIFE };
  window.addEventListener("hashchange", () => { readState(location.hash); redraw(); }, untilClosed);
  window.addEventListener("resize", redraw, untilClosed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, untilClosed);
  window.addEventListener("beforeprint", () => { isPrinting = true; draw(); }, untilClosed);
  window.addEventListener("afterprint", () => { isPrinting = false; draw(); }, untilClosed);
}
