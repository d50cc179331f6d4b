// Light Markdown for text that is still coming. What has come stays as it stands and only grows at its end, however long
// a paragraph, a list or a table gets. Nodes are made one by one, so nothing the model says can become markup.
const HEADING = /^(#{1,6})\s+(.*)$/;
const HEADING_LINE = new RegExp(HEADING.source, "m");
const BULLET = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(.*)$/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w-]*)/;
const INLINE = /(`+)([^`]+?)\1|\*\*([^*]+?)\*\*|\*([^*\s][^*]*?)\*/g;

export class Tail {
  #root;
  #settled = 0; // characters of finished blocks
  #open = []; // nodes of the unfinished rest
  #highest = 0; // level of the first heading, which becomes h3

  constructor(root) {
    this.#root = root;
    root.replaceChildren();
  }

  show(text) {
    const end = settledUntil(text, this.#settled);
    this.#highest ||= HEADING_LINE.exec(text.slice(this.#settled))?.[1].length ?? 0;
    const settled = blocks(text.slice(this.#settled, end), this.#highest);
    const placed = fit(this.#root, this.#open, [...settled, ...blocks(text.slice(end), this.#highest)]);
    this.#settled = end;
    this.#open = placed.slice(settled.length);
  }
}

/** Turns the last nodes of `parent` into `wanted` with as little change as can be; returns what stands there then. */
function fit(parent, standing, wanted) {
  const placed = wanted.map((node, index) => {
    const there = standing[index];
    if (!there) parent.append(node);
    else if (!alike(there, node)) there.replaceWith(node);
    else return grow(there, node);
    return node;
  });
  for (const node of standing.slice(wanted.length)) node.remove();
  return placed;
}

function alike(one, other) {
  return one.nodeName === other.nodeName && one.className === other.className;
}

function grow(there, wanted) {
  if (there.nodeType !== Node.TEXT_NODE) fit(there, [...there.childNodes], [...wanted.childNodes]);
  else if (wanted.data.startsWith(there.data)) there.appendData(wanted.data.slice(there.data.length));
  else there.data = wanted.data;
  return there;
}

/** Where the last finished block ends: after the last blank line that is not inside a code fence. */
function settledUntil(text, from) {
  let [end, fence, position] = [from, "", from];
  while (position < text.length) {
    const stop = text.indexOf("\n", position);
    if (stop < 0) break;
    const line = text.slice(position, stop);
    const mark = FENCE.exec(line)?.[1];
    if (mark && !fence) fence = mark;
    else if (mark && fence && mark.startsWith(fence)) fence = "";
    else if (!fence && !line.trim()) end = stop + 1;
    position = stop + 1;
  }
  return end;
}

function blocks(text, highest) {
  const [made, lines] = [[], text.split("\n")];
  for (let index = 0; index < lines.length; ) {
    if (!lines[index].trim()) index += 1;
    else index = block(lines, index, made, highest);
  }
  return made;
}

function block(lines, index, made, highest) {
  const fence = FENCE.exec(lines[index]);
  if (fence) return code(lines, index, fence[1], made);
  const heading = HEADING.exec(lines[index]);
  if (heading) {
    made.push(element(`h${Math.min(6, Math.max(3, heading[1].length - highest + 3))}`, inline(heading[2])));
    return index + 1;
  }
  if (BULLET.test(lines[index])) return list(lines, index, made);
  if (lines[index].trimStart().startsWith("|")) return table(lines, index, made);
  return paragraph(lines, index, made);
}

function code(lines, index, mark, made) {
  let end = index + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  const pre = element("pre", [element("code", [lines.slice(index + 1, end).join("\n")])]);
  const frame = element("div", [pre]);
  frame.className = "code";
  made.push(frame);
  return end + 1;
}

function list(lines, index, made) {
  const ordered = /^\s*\d/.test(lines[index]);
  const items = [];
  for (; index < lines.length && lines[index].trim(); index += 1) {
    const item = BULLET.exec(lines[index]);
    if (item) items.push([item[2]]);
    else items.at(-1).push(lines[index].trim());
  }
  made.push(element(ordered ? "ol" : "ul", items.map((words) => element("li", inline(words.join("\n"))))));
  return index;
}

function table(lines, index, made) {
  const rows = [];
  for (; index < lines.length && lines[index].trimStart().startsWith("|"); index += 1) {
    const cells = lines[index].trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
    if (!cells.every((cell) => /^:?-*:?$/.test(cell))) rows.push(cells);
  }
  const [head = [], ...body] = rows;
  const row = (cells, tag) => element("tr", cells.map((cell) => element(tag, inline(cell))));
  const parts = [element("thead", [row(head, "th")]), element("tbody", body.map((cells) => row(cells, "td")))];
  const frame = element("div", [element("table", parts)]);
  frame.className = "table";
  made.push(frame);
  return index;
}

function paragraph(lines, index, made) {
  const words = [];
  const ends = (line) => !line.trim() || HEADING.test(line) || FENCE.test(line) || BULLET.test(line);
  do words.push(lines[index++]);
  while (index < lines.length && !ends(lines[index]));
  made.push(element("p", inline(words.join("\n"))));
  return index;
}

function inline(text) {
  const [made, pattern] = [[], new RegExp(INLINE)];
  let from = 0;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    if (found.index > from) made.push(text.slice(from, found.index));
    if (found[2]) made.push(element("code", [found[2]]));
    else if (found[3]) made.push(element("strong", [found[3]]));
    else made.push(element("em", [found[4]]));
    from = pattern.lastIndex;
  }
  if (from < text.length) made.push(text.slice(from));
  return made;
}

function element(tag, children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}
