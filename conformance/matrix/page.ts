import { html, type Markup } from "./markup.ts";

export interface Page {
  /** Where it lies in the site, as in `servers/aimock.html`. */
  readonly path: string;
  readonly title: string;
  readonly body: Markup;
}

/** Nothing is loaded but the two files beside the pages, whatever a server has said. */
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

const tabs = [
  { path: "index.html", title: "Servers" },
  { path: "requirements.html", title: "Requirements" },
] as const;

/** A whole page. It can be read without its script, from a disk and from below any path of a host. */
export function toPageText({ path, title, body }: Page): string {
  const up = "../".repeat(path.split("/").length - 1);
  const links = tabs.map(
    (tab) => html`<a href="${up}${tab.path}" ${tab.path === path ? html` aria-current="page"` : ""}>${tab.title}</a>`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title} – OpenAI conformance</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${up}style.css" />
        <script src="${up}script.js" defer></script>
      </head>
      <body>
        <a class="skip-link" href="#main">To the content</a>
        <header>
          <strong>OpenAI conformance</strong>
          <nav aria-label="Pages">${links}</nav>
        </header>
        <main id="main">
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.text;
}

/** A field that hides the rows of a table that do not have the words in them. Shown by the script, which it needs. */
export function toSearch(table: string, label: string): Markup {
  return html`<p class="search" hidden>
    <label>${label} <input type="search" data-table="${table}" /></label> <output></output>
  </p>`;
}

/** A table that may be wider than the window; the keyboard can scroll it, too. */
export function toTable(id: string, label: string, head: readonly Markup[], rows: readonly Markup[]): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table id="${id}">
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div> `;
}
