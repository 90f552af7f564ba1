import { readFileSync } from "node:fs";
import type { Report } from "../shapes.ts";

/**
 * One page with everything in it: a grid of cases by subject and SDK, and behind each cell the finding and the wire
 * log. It loads nothing, so it can be opened from a CI artifact.
 */
export function toHtml(reports: readonly Report[]): string {
  // `<` could end the script element; everything else a JSON text may hold is harmless inside one.
  const data = JSON.stringify(reports)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Conformance report</title>
<style>${readPart("style.css")}</style>
</head>
<body>
<main id="page"><noscript>This report needs JavaScript to be shown; the JSON report has the same content.</noscript></main>
<script type="application/json" id="reports">${data}</script>
<script>${readPart("script.js")}</script>
</body>
</html>
`;
}

function readPart(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");
}
