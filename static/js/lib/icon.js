// A picture from the sprite, as {% icon %} makes it on the server.
const SVG = "http://www.w3.org/2000/svg";
const sprite = new URL("../../img/icons.svg", import.meta.url).pathname;

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  picture.append(use);
  return picture;
}
