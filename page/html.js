// Components are written as text that is HTML with holes (https://github.com/developit/htm), which needs no build.
import htm from "./htm.js";
import { h } from "./preact.js";

export const html = htm.bind(h);
