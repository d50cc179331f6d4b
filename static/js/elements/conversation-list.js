// The conversations: search as one types, rename in place, delete after a question, and titles that follow.
import { elementsFrom } from "../lib/markup.js";
import { get, post } from "../lib/server.js";
import { announce } from "../lib/signals.js";

const PAUSE = 160;

customElements.define(
  "conversation-list",
  class extends HTMLElement {
    #timer = 0;
    #asking = null;

    connectedCallback() {
      this.search = document.querySelector("[data-search]");
      this.search?.addEventListener("input", () => this.#soon());
      this.search?.form.addEventListener("submit", (event) => this.#pick(event));
      this.addEventListener("click", (event) => this.#act(event));
      document.addEventListener("portal:conversations", () => this.#soon());
      addEventListener("keydown", (event) => this.#shortcut(event));
    }

    get #current() {
      return /^\/c\/([0-9a-f-]{36})/.exec(location.pathname)?.[1] ?? "";
    }

    #soon() {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#refresh(), PAUSE);
    }

    async #refresh() {
      if (this.querySelector("input.rename")) return;
      this.#asking?.abort();
      this.#asking = new AbortController();
      try {
        const html = await get(`/conversations?q=${encodeURIComponent(this.search.value)}`, this.#asking.signal);
        this.replaceChildren(...elementsFrom(html));
        this.#count(this.querySelector("[data-pending]")?.dataset.pending ?? "0");
        this.#mark();
      } catch (fault) {
        if (fault.name !== "AbortError") announce(fault.message);
      }
    }

    #count(pending) {
      const badge = document.querySelector(".side-link .count");
      badge.querySelector(".number").textContent = pending;
      badge.hidden = pending === "0";
    }

    #mark() {
      for (const item of this.querySelectorAll(".item")) {
        const here = item.dataset.conversation === this.#current;
        item.toggleAttribute("data-active", here);
        if (here) item.querySelector("a").setAttribute("aria-current", "page");
        if (here) this.#title(item.querySelector("a > span").textContent);
      }
    }

    #title(words) {
      document.querySelector(".bar h1").textContent = words;
      document.title = `${document.title.startsWith("● ") ? "● " : ""}${words} · K8s MCP`;
    }

    #pick(event) {
      event.preventDefault();
      this.querySelector(".item a")?.click();
    }

    #shortcut(event) {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      document.querySelector("side-drawer").matches(".open") || document.querySelector(".drawer-open")?.checkVisibility() && document.querySelector("side-drawer").open();
      this.search.focus();
    }

    #act(event) {
      const button = event.target.closest("[data-action]");
      if (!button) return;
      const item = button.closest(".item");
      if (button.dataset.action === "rename") this.#rename(item);
      else this.#delete(item);
    }

    #rename(item) {
      const link = item.querySelector("a");
      const field = document.createElement("input");
      field.className = "rename";
      field.maxLength = 200;
      field.value = link.querySelector("span").textContent;
      field.setAttribute("aria-label", "New title");
      link.replaceWith(field);
      field.select();
      const close = (keep) => {
        field.removeEventListener("blur", save);
        if (field.isConnected) field.replaceWith(link);
        if (keep && field.value.trim()) this.#renamed(link, field.value);
        else link.focus();
      };
      const save = () => close(true);
      field.addEventListener("blur", save);
      field.addEventListener("keydown", ({ key }) => (key === "Enter" ? close(true) : key === "Escape" && close(false)));
    }

    async #renamed(link, title) {
      link.querySelector("span").textContent = title;
      await this.#try(() => post(`${link.pathname}/title`, { title }));
      this.#soon();
    }

    async #delete(item) {
      const link = item.querySelector("a");
      const words = "It disappears for everyone, and what runs in it is stopped. Auditors still see what happened.";
      const title = `Delete “${link.querySelector("span").textContent}”?`;
      if (!(await document.querySelector("confirm-dialog").ask({ title, words, deed: "Delete" }))) return;
      await this.#try(() => post(`${link.pathname}/deletion`, {}));
      if (item.dataset.conversation === this.#current) location.assign("/");
      else this.#soon();
    }

    async #try(deed) {
      try {
        await deed();
      } catch (fault) {
        announce(fault.message, true);
      }
    }
  },
);
