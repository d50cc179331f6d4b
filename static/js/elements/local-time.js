// A point in time, in the reader's own zone and words.
const shown = (options) => new Intl.DateTimeFormat(undefined, options); // made once: making one costs more than using it
const STYLES = {
  time: shown({ hour: "2-digit", minute: "2-digit" }),
  date: shown({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
};
const WHOLE = shown({ dateStyle: "full", timeStyle: "long" });

customElements.define(
  "local-time",
  class extends HTMLElement {
    connectedCallback() {
      const at = new Date(this.getAttribute("datetime"));
      if (Number.isNaN(at.getTime())) return;
      const today = at.toDateString() === new Date().toDateString();
      const style = this.dataset.style === "time" && today ? STYLES.time : STYLES.date;
      this.textContent = style.format(at);
      this.title = WHOLE.format(at);
    }
  },
);
