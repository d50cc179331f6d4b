// A tool call: a running timer, and its result as a table or as it came.
import { duration, everySecond, since } from "../lib/clock.js";
import { copy } from "../lib/copying.js";

const WORDS = { waiting: "Waits for a decision", running: "Running" };

customElements.define(
  "tool-card",
  class extends HTMLElement {
    #quiet = null;

    connectedCallback() {
      this.addEventListener("click", this); // once, however often the card is moved
      this.#count();
    }

    handleEvent({ target }) {
      const button = target.closest("[data-action]");
      if (button?.dataset.action === "raw") this.#raw(button);
      if (button?.dataset.action === "copy") copy(button, this.querySelector(".result-raw").textContent);
    }

    disconnectedCallback() {
      this.#quiet?.();
    }

    /** A person is asked, or has answered: `waiting` or `running`, from that moment on. */
    become(state, at = this.dataset.started) {
      if (this.dataset.state !== "running" && this.dataset.state !== "waiting") return;
      this.dataset.state = state;
      this.dataset.started = at;
      this.querySelector(".call-word").textContent = WORDS[state];
      this.#count();
    }

    /** How far a call is that takes long. */
    progress(text) {
      if (this.dataset.state === "running") this.querySelector(".call-word").textContent = text;
    }

    #count() {
      this.#quiet?.();
      this.#quiet = null;
      const time = this.querySelector(".call-time");
      if (this.dataset.state === "running") this.#quiet = everySecond(() => (time.textContent = duration(since(this.dataset.started))));
      else if (this.dataset.state === "waiting") time.textContent = "";
    }

    #raw(button) {
      const raw = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(raw));
      this.querySelector(".result-table").hidden = raw;
      this.querySelector(".result-raw").hidden = !raw;
    }
  },
);
