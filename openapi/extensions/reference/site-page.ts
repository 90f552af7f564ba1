import { escapeHtml } from "./markup.ts";

/** The pages beside the reference, as their own list of links has them. */
const pages: readonly (readonly [file: string, title: string])[] = [
  ["errors.html", "Errors"],
  ["streams.html", "Streams"],
  ["fields.html", "Request fields"],
  ["websocket.html", "WebSocket"],
  ["configuration.html", "Configuration"],
  ["changes.html", "Changes"],
];

export interface SitePage {
  /** Below `docs/`. */
  readonly file: string;
  readonly title: string;
  readonly html: string;
}

export const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%230b5fa5'/%3E%3Cpath d='M9 22V10m7 12V10m7 12V10M6 16h20' stroke='white' stroke-width='2.5' fill='none' stroke-linecap='round'/%3E%3C/svg%3E";

/** A page that needs no script: HTML with its style in it. Links are relative, so that a copy works anywhere. */
export function toSitePage({ file, title, html }: SitePage, style: string, banner: string): string {
  const up = "../".repeat(file.split("/").length);
  const beside = "../".repeat(file.split("/").length - 1);
  const section = file.split("/")[0]?.replace(/\.html$/, "");
  const links = pages.map(([name, text]) => {
    const here = name === `${section}.html` ? ' aria-current="true"' : "";
    return `<a href="${beside}${name}"${here}>${text}</a>`;
  });
  return `<!doctype html>
<!-- ${banner} -->
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${escapeHtml(title)} · clawgate</title>
<link rel="icon" href="${icon}" />
<style>${style}</style>
</head>
<body>
<header><nav aria-label="Reference"><a class="home" href="${up}docs">clawgate</a>${links.join("")}</nav></header>
<main>
${html}
</main>
</body>
</html>
`;
}
