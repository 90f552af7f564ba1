import { App } from "./app.js";
import { html } from "./html.js";
import { render } from "./preact.js";

const root = document.querySelector("#page");
if (root !== null) {
  root.replaceChildren();
  render(html`<${App} />`, root);
}
