// Keeps the newest in view while the reader is at the bottom, and leaves them alone when they are not.
const NEAR = 90;
const SETTLING = 2_000;

/** Events: `below` with how many pieces came while the reader was further up. */
export class Follow extends EventTarget {
  #at = true;
  #missed = 0;
  #due = 0;
  #put = 0; // where the page was scrolled to when it was brought to its end
  #draws = new Set();

  constructor() {
    super();
    addEventListener("scroll", () => this.#look(), { passive: true });
  }

  get atEnd() {
    return this.#at;
  }

  /** Runs a change of the page now; if the reader was at the bottom, they are there again when the screen is drawn. */
  during(change, added = 0) {
    change();
    if (!this.#at && added) this.#tell(this.#missed + added);
    this.#ask();
  }

  /** Runs a change right before the screen is drawn next. However many changes come until then, the page is laid out once. */
  next(change) {
    this.#draws.add(change);
    this.#ask();
  }

  toEnd(smooth = false) {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.#put = smooth ? 0 : scrollY;
    this.#at = true;
    if (this.#missed) this.#tell(0);
  }

  /** Remembers the piece at the top of the window; the function returned brings it there again, if it still exists. */
  hold(feed) {
    if (this.#at) return () => {};
    const piece = [...feed.children].find((each) => each.getBoundingClientRect().bottom > 0);
    const top = piece?.getBoundingClientRect().top ?? 0;
    return () => {
      const there = piece && document.getElementById(piece.id);
      if (there) scrollBy({ top: there.getBoundingClientRect().top - top, behavior: "instant" });
      else this.toEnd();
    };
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

  #ask() {
    this.#due ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#due = 0;
    for (const change of this.#draws) change();
    this.#draws.clear();
    if (this.#at) this.toEnd();
  }

  #look() {
    if (this.#at && this.#due && scrollY >= this.#put - 1) return; // the page grew, the reader did not move
    const root = document.documentElement;
    this.#at = root.scrollHeight - scrollY - innerHeight < NEAR;
    if (this.#at && this.#missed) this.#tell(0);
  }

  #tell(missed) {
    this.#missed = missed;
    this.dispatchEvent(new CustomEvent("below", { detail: missed }));
  }
}
