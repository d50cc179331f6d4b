// Who sees a conversation: adding and taking back without leaving the page.
import { elementsFrom } from "../lib/markup.js";
import { post } from "../lib/server.js";
import { announce, conversationsChanged } from "../lib/signals.js";

customElements.define(
  "share-sheet",
  class extends HTMLElement {
    connectedCallback() {
      this.addEventListener("submit", (event) => this.#submit(event));
      this.querySelector('[name="who"]')?.addEventListener("change", () => this.#ask());
      this.#ask();
    }

    /** Everyone has no name. */
    #ask() {
      const who = this.querySelector('[name="who"]');
      if (who) this.querySelector("[data-named]").hidden = who.value === "everyone";
    }

    async #submit(event) {
      event.preventDefault();
      const { target: form, submitter } = event;
      const added = form.classList.contains("share-form");
      const fields = new FormData(form, submitter); // before the button is disabled: its value is among them
      submitter.disabled = true;
      try {
        const answer = await post(form.getAttribute("action"), fields);
        this.#become(elementsFrom(await answer.text())[0]);
        announce(added ? "Shared." : "Taken back.");
      } catch (fault) {
        this.#refused(fault.message);
        submitter.disabled = false;
      }
    }

    #become(fresh) {
      document.querySelector(".sharing .word").textContent = fresh.dataset.word;
      this.replaceWith(fresh);
      fresh.querySelector('[name="who"]')?.focus();
      conversationsChanged();
    }

    #refused(sentence) {
      const place = this.querySelector(".form-fault");
      place.textContent = sentence;
      place.hidden = false;
    }
  },
);
