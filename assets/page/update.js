// Changes of what is shown.

let isDue = false;

/** What draws the page anew; main.js sets it. @type {() => void} */
let draw = () => {};

/** Draws before the next frame, once. */
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    if (!LIFE.aborted) draw();
  });
}

/**
 * Changes what is shown.
 * @param {Partial<State>} change
 */
function update(change) {
  // What locks another cell or none locks no other ones, unless it says so.
  Object.assign(state, "cell" in change ? { more: [] } : {}, change);
  history.replaceState(null, "", `#${writtenState()}`);
  redraw();
}

/**
 * Chooses a head; `adds` keeps those that are chosen, and takes one away that is.
 * @param {number} head
 * @param {boolean} adds
 */
function chooseHead(head, adds) {
  const held = state.heads.includes(head);
  const without = state.heads.filter((other) => other !== head);
  if (!adds) update({ heads: [head] });
  else if (!held) update({ heads: [...state.heads, head] });
  else if (without.length) update({ heads: without });
  say(`${state.heads.map(headName).join("; ")} chosen`);
}
