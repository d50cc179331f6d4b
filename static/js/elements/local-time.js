// A point in time, in the reader's own zone and words.
const STYLES = {
  time: { hour: "2-digit", minute: "2-digit" },
  date: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
};

customElements.define(
  "local-time",
  class extends HTMLElement {
    connectedCallback() {
      const at = new Date(this.getAttribute("datetime"));
      if (Number.isNaN(at.getTime())) return;
      const today = at.toDateString() === new Date().toDateString();
      const style = this.dataset.style === "time" && today ? STYLES.time : STYLES.date;
      this.textContent = at.toLocaleString(undefined, style);
      this.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    }
  },
);
