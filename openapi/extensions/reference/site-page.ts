import { readFileSync } from "node:fs";
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

/** The page's, within the reference, of which a copy has no other files. */
export const icon = toAddress(readFileSync(new URL("../../../page/icon.svg", import.meta.url), "utf8"));

function toAddress(drawing: string): string {
  return `data:image/svg+xml,${drawing.trim().replaceAll('"', "'").replaceAll(/[#<>]/g, encodeURIComponent)}`;
}

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
