// Asks once whether this computer may show that something waits for a decision. Hidden where there is nothing to ask.
import { announce } from "../lib/signals.js";

customElements.define(
  "notify-me",
  class extends HTMLElement {
    connectedCallback() {
      this.querySelector("button").addEventListener("click", () => this.#ask());
      this.#show();
    }

    async #ask() {
      const answer = await Notification.requestPermission();
      announce(answer === "granted" ? "This computer will tell you." : "This computer will not tell you.");
      this.#show();
    }

    #show() {
      this.hidden = window.Notification?.permission !== "default";
    }
  },
);
