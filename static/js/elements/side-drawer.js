// The side as a drawer where the screen is narrow.
customElements.define(
  "side-drawer",
  class extends HTMLElement {
    #veil = null;

    connectedCallback() {
      this.opener = document.querySelector(".drawer-open");
      this.opener?.addEventListener("click", () => this.open());
      this.querySelector(".drawer-close")?.addEventListener("click", () => this.close());
      document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    }

    open() {
      this.classList.add("open");
      this.opener.setAttribute("aria-expanded", "true");
      document.querySelector(".main").inert = true;
      this.#veil = document.createElement("div");
      this.#veil.className = "veil";
      this.#veil.addEventListener("click", () => this.close());
      document.body.append(this.#veil);
      this.querySelector(".drawer-close").focus();
    }

    close() {
      if (!this.#veil) return;
      this.classList.remove("open");
      this.opener.setAttribute("aria-expanded", "false");
      document.querySelector(".main").inert = false;
      this.#veil.remove();
      this.#veil = null;
      this.opener.focus();
    }
  },
);
