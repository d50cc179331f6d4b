// A tool call: a running timer, and its result as a table or as it came.
import { duration, everySecond, since } from "../lib/clock.js";
import { copy } from "../lib/copying.js";

const WORDS = { waiting: "Waits for a decision", running: "Running" };

customElements.define(
  "tool-card",
  class extends HTMLElement {
    #quiet = null;

    connectedCallback() {
      this.querySelector('[data-action="raw"]')?.addEventListener("click", (event) => this.#raw(event.currentTarget));
      const button = this.querySelector('[data-action="copy"]');
      button?.addEventListener("click", () => copy(button, this.querySelector(".result-raw").textContent));
      this.#count();
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
