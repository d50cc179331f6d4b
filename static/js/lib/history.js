// Older events, page by page, above what is shown; and the pill that leads back to the newest.
import { documentFrom } from "./markup.js";
import { get } from "./server.js";
import { announce } from "./signals.js";

export function history(conversation) {
  conversation.querySelector(".earlier a")?.addEventListener("click", (event) => {
    event.preventDefault();
    more(conversation, event.currentTarget);
  });
  pill(conversation);
}

async function more(conversation, link) {
  link.setAttribute("aria-busy", "true");
  try {
    const page = documentFrom(await get(`/c/${conversation.dataset.conversation}${link.search}`));
    prepend(conversation.feed, [...page.querySelector("chat-feed").children]);
    const next = page.querySelector(".earlier a[href^='?before']");
    if (next && !next.parentElement.hidden) link.setAttribute("href", next.getAttribute("href"));
    else link.parentElement.hidden = true;
    announce("Earlier messages are shown.");
  } catch (fault) {
    announce(fault.message, true);
  }
  link.removeAttribute("aria-busy");
}

/** What is already here stays as it is: it is newer. The reader keeps their place. */
function prepend(feed, pieces) {
  const fresh = pieces.filter((piece) => !document.getElementById(piece.id)).map((piece) => document.adoptNode(piece));
  const from = document.documentElement.scrollHeight - scrollY;
  feed.prepend(...fresh);
  scrollTo({ top: document.documentElement.scrollHeight - from, behavior: "instant" });
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
