// The end of a run: its answer can be copied whole.
import { copy } from "../lib/copying.js";

customElements.define(
  "run-end",
  class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector('[data-action="copy-answer"]');
      const said = [...document.querySelectorAll(`prose-block[data-run="${CSS.escape(this.dataset.run)}"]`)];
      if (!said.length) button?.remove();
      button?.addEventListener("click", () => copy(button, said.map((block) => block.innerText).join("\n\n")));
    }
  },
);
