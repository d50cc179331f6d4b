// Keeps the newest in view while the reader is at the bottom, and leaves them alone when they are not.
const NEAR = 90;
const SETTLING = 2_000;

/** Events: `below` with how many pieces came while the reader was further up. */
export class Follow extends EventTarget {
  #at = true;
  #missed = 0;

  constructor() {
    super();
    addEventListener("scroll", () => this.#look(), { passive: true });
  }

  /** Runs a change of the page and stays at the bottom if that is where the reader was. */
  during(change, added = 0) {
    const at = this.#at;
    change();
    if (at) this.toEnd();
    else if (added) this.#tell(this.#missed + added);
  }

  toEnd(smooth = false) {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.#at = true;
    this.#tell(0);
  }

  /** At the end of a page that has just been opened: pieces get their real height only when they come into view. */
  settle(content) {
    const observer = new ResizeObserver(() => this.toEnd());
    const stop = () => observer.disconnect();
    for (const name of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(name, stop, { once: true, passive: true });
    setTimeout(stop, SETTLING);
    observer.observe(content);
    this.toEnd();
  }

  #look() {
    const root = document.documentElement;
    this.#at = root.scrollHeight - scrollY - innerHeight < NEAR;
    if (this.#at && this.#missed) this.#tell(0);
  }

  #tell(missed) {
    this.#missed = missed;
    this.dispatchEvent(new CustomEvent("below", { detail: missed }));
  }
}
