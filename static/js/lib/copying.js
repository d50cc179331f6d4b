// Copying to the clipboard, with an answer the person sees and hears.
import { icon } from "./icon.js";
import { announce } from "./signals.js";

const SHOWN = 1_600;

export function copyButton(words, name, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `quiet ${name}`;
  button.append(icon("copy"), words);
  button.addEventListener("click", () => copy(button, text()));
  return button;
}

export async function copy(button, text) {
  const before = [...button.childNodes];
  const done = await write(text);
  button.replaceChildren(icon(done ? "check" : "cross"), done ? "Copied" : "Not copied");
  announce(done ? "Copied" : "Copying is not allowed here: select the text and copy it by keyboard.");
  setTimeout(() => button.replaceChildren(...before), SHOWN);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
