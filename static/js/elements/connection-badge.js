// Says something about the connection only when there is something to say.
import { announce } from "../lib/signals.js";

const QUIET = 2_000;
const SHOWN = 2_600;

customElements.define(
  "connection-badge",
  class extends HTMLElement {
    #timer = 0;

    connectedCallback() {
      document.addEventListener("portal:connection", this);
    }

    disconnectedCallback() {
      document.removeEventListener("portal:connection", this);
    }

    handleEvent({ detail: { state, words } }) {
      if (state === "lost" && this.dataset.state === "lost") return;
      clearTimeout(this.#timer);
      const shown = !this.hidden;
      this.dataset.state = state;
      if (state === "lost") this.#timer = setTimeout(() => this.#show(words), QUIET);
      else if (state === "gone") this.#show(words);
      else if (shown) this.#back();
    }

    #show(words) {
      this.textContent = words;
      this.hidden = false;
    }

    #back() {
      this.dataset.state = "back";
      this.textContent = "Back, nothing missed";
      announce("Back, nothing missed");
      this.#timer = setTimeout(() => (this.hidden = true), SHOWN);
    }
  },
);
