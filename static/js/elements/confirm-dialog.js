// Asks before something that cannot be taken back. Forms with `data-confirm` are held until the answer.
customElements.define(
  "confirm-dialog",
  class extends HTMLElement {
    connectedCallback() {
      document.addEventListener("submit", (event) => this.#hold(event), true);
    }

    /** Resolves to true when the person says yes. The focus is on no. */
    ask({ title, words, deed }) {
      const dialog = document.createElement("dialog");
      const form = element("form", "sheet");
      form.method = "dialog";
      const [heading, text] = [element("h2", "", title), element("p", "", words)];
      heading.id = "confirm-title";
      dialog.setAttribute("aria-labelledby", heading.id);
      const [no, yes] = [element("button", "plain", "Cancel"), element("button", "danger", deed)];
      [no.value, yes.value] = ["no", "yes"];
      no.autofocus = true;
      const actions = element("div", "sheet-actions");
      actions.append(no, yes);
      form.append(heading, text, actions);
      dialog.append(form);
      this.append(dialog);
      dialog.showModal();
      return new Promise((resolve) =>
        dialog.addEventListener("close", () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        }),
      );
    }

    async #hold(event) {
      const form = event.target;
      if (!form.dataset?.confirm || form.dataset.confirmed) return;
      event.preventDefault();
      const { confirm, confirmWords, confirmDeed } = form.dataset;
      if (!(await this.ask({ title: confirm, words: confirmWords, deed: confirmDeed }))) return;
      form.dataset.confirmed = "yes";
      form.requestSubmit();
    }
  },
);

function element(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}
