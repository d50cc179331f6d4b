// A piece of the page that the server makes when it is looked at, such as whether a cluster answers.
import { elementsFrom } from "../lib/markup.js";
import { get } from "../lib/server.js";

customElements.define(
  "lazy-fragment",
  class extends HTMLElement {
    async connectedCallback() {
      this.setAttribute("aria-busy", "true");
      try {
        this.replaceChildren(...elementsFrom(await get(this.dataset.from)));
      } catch (fault) {
        const words = document.createElement("p");
        words.className = "form-fault";
        words.textContent = fault.message;
        this.replaceChildren(words);
      }
      this.removeAttribute("aria-busy");
    }
  },
);
