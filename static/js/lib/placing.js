// The placing rule, the same as chat/web/rendering.py: a piece whose id is in the feed replaces the one there, any other
// piece goes to the end. The beginning of a run takes its message along, which may have waited for an earlier run; and a
// message that leaves the queue otherwise (data-moved) goes to where that happens.

/** `feed`: the feed, or a fragment that will become one. Returns true when the piece is new. */
export function place(feed, piece) {
  const there = piece.id ? feed.getRootNode().getElementById(piece.id) : null;
  if (!there || !feed.contains(there)) {
    if (piece.dataset.runStart) takeAlong(feed, piece.dataset.run);
    feed.append(piece);
    return true;
  }
  if ("moved" in piece.dataset && there !== feed.lastElementChild) feed.append(there);
  keepOpen(there, piece);
  const focused = there.contains(document.activeElement);
  there.replaceWith(piece);
  if (focused) refocus(piece);
  return false;
}

/** Looked for from the end: the message stands there, or waits not far above. */
function takeAlong(feed, run) {
  let piece = feed.lastElementChild;
  while (piece && !(piece.dataset.run === run && piece.matches(".message:not([data-moved])"))) piece = piece.previousElementSibling;
  if (piece && piece !== feed.lastElementChild) feed.append(piece);
}

function keepOpen(before, after) {
  const [open, next] = [before.querySelector("details[open]"), after.querySelector("details")];
  if (open && next) next.open = true;
}

function refocus(piece) {
  const target = piece.querySelector("summary, [tabindex]") ?? piece;
  target.focus({ preventScroll: true });
}
