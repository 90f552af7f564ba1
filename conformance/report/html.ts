import { readFileSync } from "node:fs";
import { toDecidingCall } from "../tell/cause.ts";
import { isObject } from "../expect.ts";
import { isFound, listFindings, toResultName } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { toShellLine, toSnippet } from "./repro.ts";
import { sharedStyle } from "../tell/style.ts";

type Result = Report["results"][number];

/**
 * One page with everything in it: what there is to mend, a grid of cases by subject and SDK, and behind each cell the
 * finding, how to see it again, and the wire log. It loads nothing, so it can be opened from a CI artifact.
 */
export function toHtml(reports: readonly Report[]): string {
  const whole = reports.map((report) => ({ ...report, findings: listFindings(report) }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Conformance report</title>
<style>${sharedStyle}${readPart("style.css")}</style>
</head>
<body>
<main id="page"><noscript>This report needs JavaScript to be shown; the JSON report has the same content.</noscript></main>
<script type="application/json" id="reports">${toData(whole)}</script>
<script type="application/json" id="repros">${toData(reports.map(toRepros))}</script>
<script>${readPart("script.js")}</script>
</body>
</html>
`;
}

/** `<` could end the script element; everything else a JSON text may hold is harmless inside one. */
function toData(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** By the name of each result that was not met, what sends its last call again. */
function toRepros({ results, subject }: Report): Record<string, string[]> {
  const found = results.filter(({ verdict, exchanges }) => isFound(verdict) && exchanges.length > 0);
  return Object.fromEntries(found.map((result) => [toResultName(result), toLines(result, subject.baseUrl)]));
}

function toLines(result: Result, baseUrl: string): string[] {
  const call = toDecidingCall(result);
  if (call === undefined) return [];
  return isChat(call) ? [toShellLine(call), toSnippet(call, baseUrl)] : [toShellLine(call)];
}

/** Whether the SDK could say the same. */
function isChat({ url, requestBody }: Result["exchanges"][number]): boolean {
  try {
    return url.endsWith("/chat/completions") && isObject(JSON.parse(requestBody));
  } catch {
    return false;
  }
}

function readPart(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");
}
