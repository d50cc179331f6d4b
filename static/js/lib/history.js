// Older events, page by page, above what is shown; what is far above is let go of again; and the pill to the newest.
import { documentFrom } from "./markup.js";
import { get } from "./server.js";
import { announce } from "./signals.js";

const MOST = 700; // pieces in the feed of a reader who is at its end
const KEPT = 400;

export function history(conversation) {
  conversation.querySelector(".earlier a")?.addEventListener("click", (event) => {
    event.preventDefault();
    more(conversation, event.currentTarget);
  });
  pill(conversation);
}

/** From here on, `?before=seq` leads to what is not shown; 1 for nothing. */
export function earlierThan(conversation, seq) {
  const link = conversation.querySelector(".earlier a");
  link.setAttribute("href", `?before=${seq}`);
  link.parentElement.hidden = seq <= 1;
}

/** A page that stays open for days does not grow for ever. Whole runs are let go of, and nothing that still waits. */
export function letGo(conversation) {
  const { feed, follow, work } = conversation;
  if (feed.childElementCount <= MOST || !follow.atEnd) return;
  const pieces = [...feed.children];
  const cut = pieces.findIndex((piece, index) => index >= pieces.length - KEPT && piece.dataset.runStart);
  if (cut < 0) return;
  const own = pieces[cut - 1].dataset.run === pieces[cut].dataset.run ? cut - 1 : cut; // its message stands above it
  for (const piece of pieces.slice(0, own)) if (!work.isOpen(piece.dataset.run)) piece.remove();
  earlierThan(conversation, Number(pieces[cut].dataset.seq));
}

async function more(conversation, link) {
  if (link.hasAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  try {
    const page = documentFrom(await get(`/c/${conversation.dataset.conversation}${link.search}`));
    const next = page.querySelector("chat-feed").dataset.first;
    prepend(conversation, [...page.querySelector("chat-feed").children]);
    earlierThan(conversation, Number(next));
    announce("Earlier messages are shown.");
  } catch (fault) {
    announce(fault.message, true);
  }
  link.removeAttribute("aria-busy");
}

/** What is already here stays as it is, for it is newer; but a call or an approval that began up there stands there, as on
 * a page of everything. A message stands where its run took it. */
function prepend({ feed, follow }, pieces) {
  const above = new DocumentFragment();
  follow.keeping(() => {
    for (const piece of pieces) {
      const there = document.getElementById(piece.id);
      if (!there) above.append(document.adoptNode(piece));
      else if (!piece.id.startsWith("message-")) above.append(there);
    }
    feed.prepend(above);
  });
}

function pill(conversation) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain small below";
  button.hidden = true;
  button.addEventListener("click", () => conversation.follow.toEnd(true));
  conversation.querySelector(".composer-dock").prepend(button);
  conversation.follow.addEventListener("below", ({ detail }) => {
    button.hidden = !detail;
    button.textContent = detail === 1 ? "1 new below" : `${detail} new below`;
  });
}
