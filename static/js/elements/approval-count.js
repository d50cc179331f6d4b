// How many approvals wait for this person: kept fresh beside every page, told in the title of the window, and on the
// computer's own screen where the person allowed it.
import { get } from "../lib/server.js";
import { announce } from "../lib/signals.js";

const EVERY = 8_000;
const SPREAD = 500; // everybody hears of an approval at once: not everybody asks at once
const WORDS = "Something waits for your decision.";

customElements.define(
  "approval-count",
  class extends HTMLElement {
    #timer = 0;
    #soon = 0;

    connectedCallback() {
      this.#timer = setInterval(() => this.#look(), EVERY);
      document.addEventListener("visibilitychange", this);
      document.addEventListener("portal:conversations", this);
      document.addEventListener("portal:approvals", this);
      this.#show(this.#number, false);
    }

    disconnectedCallback() {
      clearInterval(this.#timer);
      clearTimeout(this.#soon);
      document.removeEventListener("visibilitychange", this);
      document.removeEventListener("portal:conversations", this);
      document.removeEventListener("portal:approvals", this);
    }

    handleEvent({ type }) {
      if (type !== "portal:approvals") return this.#look();
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => this.#look(), Math.random() * SPREAD);
      return undefined;
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
      if (more) this.#tell();
    }

    #tell() {
      announce(WORDS);
      if (document.visibilityState === "visible" || window.Notification?.permission !== "granted") return;
      const note = new Notification("K8s MCP", { body: WORDS, tag: "approvals" }); // one, however many wait
      note.addEventListener("click", () => {
        window.focus();
        location.assign(this.closest("a").href);
      });
    }
  },
);
