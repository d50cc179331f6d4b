// Finished words of the agent: code in them can be copied.
import { copyButton } from "../lib/copying.js";

customElements.define(
  "prose-block",
  class extends HTMLElement {
    connectedCallback() {
      for (const frame of this.querySelectorAll(".code")) {
        if (frame.querySelector(".code-copy")) continue;
        frame.append(copyButton("Copy", "code-copy small", () => frame.querySelector("code").textContent));
      }
    }
  },
);
