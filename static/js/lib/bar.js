// The bar on top of a conversation that began on this page without a page load.
import { documentFrom } from "./markup.js";
import { get } from "./server.js";

/** Takes over the bar of the page that the address now has. Without it the bar stays as it is until a reload. */
export async function adoptBar() {
  try {
    const page = documentFrom(await get(location.pathname));
    const [bar, fresh] = [document.querySelector(".bar"), page.querySelector(".bar")];
    bar.replaceChildren(bar.querySelector(".drawer-open"), ...[...fresh.children].slice(1).map((part) => document.adoptNode(part)));
  } catch {
    // The conversation itself goes on over the socket.
  }
}
