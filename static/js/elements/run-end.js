// The end of a run: its answer can be copied whole, and the many steps on the way to it are folded away.
import { copy } from "../lib/copying.js";
import { icon } from "../lib/icon.js";

const MANY = 6;

customElements.define(
  "run-end",
  class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector('[data-action="copy-answer"]');
      const said = this.#pieces("prose-block");
      if (!said.length) button?.remove();
      button?.addEventListener("click", () => copy(button, said.map((block) => block.innerText).join("\n\n")));
      this.#fold();
    }

    /** The pieces of this run, in order. They stand between its beginning and this, so a long feed is not searched. */
    #pieces(kind) {
      const [found, { run }] = [[], this.dataset];
      for (let piece = this.previousElementSibling; piece; piece = piece.previousElementSibling) {
        if (piece.dataset.run === run && piece.matches(kind)) found.unshift(piece);
        if (piece.dataset.runStart && piece.dataset.run === run) break;
      }
      return found;
    }

    /** Only what was looked at and went well: a change, a decision and a failure stay in sight. */
    #fold() {
      const [start] = this.#pieces(".run-start");
      const looks = this.#pieces('tool-card[data-state="completed"]').filter(({ dataset }) => /^(READ|SENSITIVE)$/.test(dataset.effect));
      if (!start || looks.length < MANY || start.querySelector(".steps")) return;
      const steps = [...looks, ...this.#pieces(".thinking")];
      const read = steps.some((step) => step.querySelector("[open]") || step.open || `#${step.id}` === location.hash);
      const toggle = document.createElement("button");
      toggle.type = "button";
      toggle.className = "quiet small steps";
      toggle.append(`${looks.length} steps`, icon("chevron"));
      toggle.addEventListener("click", () => show(toggle, steps, toggle.getAttribute("aria-expanded") !== "true"));
      start.append(toggle);
      show(toggle, steps, read);
    }
  },
);

function show(toggle, steps, open) {
  toggle.setAttribute("aria-expanded", String(open));
  for (const step of steps) step.classList.toggle("folded", !open);
}
