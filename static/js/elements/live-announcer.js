// Says to a screen reader what happened, apart from the text that is still moving.
customElements.define(
  "live-announcer",
  class extends HTMLElement {
    connectedCallback() {
      document.addEventListener("portal:announce", this);
    }

    disconnectedCallback() {
      document.removeEventListener("portal:announce", this);
    }

    handleEvent({ detail }) {
      const region = this.querySelector(`[data-live="${detail.urgent ? "assertive" : "polite"}"]`);
      const line = document.createElement("p");
      line.textContent = detail.text;
      region.append(line);
      while (region.childElementCount > 6) region.firstElementChild.remove();
    }
  },
);
