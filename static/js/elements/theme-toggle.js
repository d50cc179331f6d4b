// The theme: as the system says, light, or dark.
import { icon } from "../lib/icon.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const PICTURES = { auto: "auto", light: "sun", dark: "moon" };

customElements.define(
  "theme-toggle",
  class extends HTMLElement {
    connectedCallback() {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet round";
      button.addEventListener("click", () => this.#choose(NEXT[this.#theme]));
      this.replaceChildren(button);
      this.#show();
    }

    get #theme() {
      return document.documentElement.dataset.theme ?? "auto";
    }

    #choose(theme) {
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // Storage is blocked: the choice lives as long as the page.
      }
      this.#show();
    }

    #show() {
      const button = this.firstElementChild;
      button.replaceChildren(icon(PICTURES[this.#theme]));
      button.title = `Theme: ${this.#theme}`;
      button.setAttribute("aria-label", `Theme: ${this.#theme}. Change to ${NEXT[this.#theme]}`);
    }
  },
);

