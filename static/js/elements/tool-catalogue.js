// The catalogue of tools, filtered as one types.
customElements.define(
  "tool-catalogue",
  class extends HTMLElement {
    connectedCallback() {
      const filter = this.querySelector(".filter");
      filter.hidden = false;
      filter.addEventListener("input", () => this.#show(filter.value.toLowerCase().split(/\s+/).filter(Boolean)));
      const wanted = location.hash && document.getElementById(location.hash.slice(1));
      if (wanted) wanted.open = true;
    }

    #show(words) {
      let found = 0;
      for (const shelf of this.querySelectorAll(".shelf")) {
        const here = [...shelf.querySelectorAll(".tool")].filter((tool) => {
          const text = tool.textContent.toLowerCase();
          tool.hidden = !words.every((word) => text.includes(word));
          return !tool.hidden;
        });
        shelf.hidden = !here.length;
        found += here.length;
      }
      this.querySelector("[data-none]").hidden = found > 0;
    }
  },
);
