// Finished words of the agent: code in them can be copied, and what it suggests to say can be taken into the composer.
import { copyButton } from "../lib/copying.js";

customElements.define(
  "prose-block",
  class extends HTMLElement {
    connectedCallback() {
      for (const code of this.querySelectorAll("li > code, p > code")) this.#suggest(code);
      for (const frame of this.querySelectorAll(".code")) {
        if (frame.querySelector(".code-copy")) continue;
        frame.append(copyButton("Copy", "code-copy small", () => frame.querySelector("code").textContent));
      }
    }

    /** "Say: `scale it to 3`": one press and it stands in the composer, for the person to send. */
    #suggest(code) {
      const before = code.previousSibling;
      if (before?.nodeType !== Node.TEXT_NODE || !/(^|\s)(say|ask|try):?\s*$/i.test(before.data)) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "say";
      button.title = "Put this into the composer";
      code.replaceWith(button);
      button.append(code);
      button.addEventListener("click", () => document.querySelector("chat-composer")?.fill(code.textContent));
    }
  },
);
