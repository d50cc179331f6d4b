// The placing rule, the same as chat/web/rendering.py: a piece whose id is in the feed replaces the one there, any other
// piece goes to the end. The beginning of a run takes its message along, which may have waited for an earlier run; and a
// message that is steered (data-moved) goes to the end by itself.

/** Returns true when the piece is new. */
export function place(feed, piece) {
  if (piece.dataset.runStart) takeAlong(feed, piece.dataset.run);
  const there = piece.id ? document.getElementById(piece.id) : null;
  if (!there || !feed.contains(there)) {
    feed.append(piece);
    return true;
  }
  keepOpen(there, piece);
  if ("moved" in piece.dataset) feed.append(there);
  const focused = there.contains(document.activeElement);
  there.replaceWith(piece);
  if (focused) refocus(piece);
  return false;
}

function takeAlong(feed, run) {
  const message = feed.querySelector(`:scope > .message[data-run="${CSS.escape(run)}"]`);
  if (message && message !== feed.lastElementChild) feed.append(message);
}

function keepOpen(before, after) {
  const [open, next] = [before.querySelector("details[open]"), after.querySelector("details")];
  if (open && next) next.open = true;
}

function refocus(piece) {
  const target = piece.querySelector("summary, [tabindex]") ?? piece;
  target.focus({ preventScroll: true });
}
