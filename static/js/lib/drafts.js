// What was written and not sent, per conversation; survives a reload and a new sign-in.
const key = (name) => `draft:${name}`;

export function load(name) {
  try {
    return localStorage.getItem(key(name)) ?? "";
  } catch {
    return "";
  }
}

export function save(name, text) {
  try {
    if (text.trim()) localStorage.setItem(key(name), text);
    else localStorage.removeItem(key(name));
  } catch {
    // Storage is full or blocked: the draft lives as long as the page.
  }
}
