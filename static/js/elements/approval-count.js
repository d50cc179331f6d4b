// How many approvals wait for this person: kept fresh beside every page, and told in the title of the window.
import { get } from "../lib/server.js";
import { announce } from "../lib/signals.js";

const EVERY = 8_000;

customElements.define(
  "approval-count",
  class extends HTMLElement {
    #timer = 0;

    connectedCallback() {
      this.#timer = setInterval(() => this.#look(), EVERY);
      document.addEventListener("visibilitychange", this);
      document.addEventListener("portal:conversations", this);
      this.#show(this.#number, false);
    }

    disconnectedCallback() {
      clearInterval(this.#timer);
      document.removeEventListener("visibilitychange", this);
      document.removeEventListener("portal:conversations", this);
    }

    handleEvent() {
      this.#look();
    }

    get #number() {
      return Number(this.querySelector(".number").textContent) || 0;
    }

    async #look() {
      try {
        const waiting = Number(await get("/approvals/count"));
        if (Number.isInteger(waiting)) this.#show(waiting, waiting > this.#number);
      } catch {
        // The badge of the connection tells that the portal does not answer.
      }
    }

    #show(waiting, more) {
      this.querySelector(".number").textContent = waiting;
      this.querySelector(".count").hidden = waiting === 0;
      const [, mark = "", words] = /^(● )?(?:\(\d+\) )?(.*)$/s.exec(document.title);
      document.title = `${mark}${waiting ? `(${waiting}) ` : ""}${words}`;
      if (more) announce("Something waits for your decision.");
    }
  },
);
