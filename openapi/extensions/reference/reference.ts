// The reference: the page of the operations, drawn by Scalar from files of the package, and pages of HTML beside it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Files, JsonSchema, OpenApi } from "@clawgate/contract/generate";
import { toConfigReference, toErrorCatalogue, toFieldTable } from "../markdown.ts";
import type { ErrorRow } from "../policies.ts";
import { type SocketFile, toSocketReference } from "../socket.ts";
import { type Released, toChangesPage, toInventory } from "./changes.ts";
import { toErrorPages } from "./error-pages.ts";
import { toHtml } from "./markup.ts";
import { addSamples } from "./samples.ts";
import { icon, type SitePage, toSitePage } from "./site-page.ts";
import { toStreamMarkdown, toStreamPage, type Transcripts } from "./stream-page.ts";
import { toLlms, toTwin } from "./twin.ts";

export interface ReferenceParts {
  /** Edition 3.2: Scalar reads its streams. */
  readonly document: OpenApi;
  readonly errors: Readonly<Record<string, ErrorRow>>;
  readonly config: JsonSchema;
  readonly socket: SocketFile;
  readonly transcripts: Transcripts;
  readonly released: readonly Released[];
  readonly banner: string;
}

const folder = join(import.meta.dirname, "../../../reference");
const read = (name: string): string => readFileSync(join(folder, name), "utf8").trim();

/** Files below `reference/`, and what the next release has to remember. */
export function toReference(parts: ReferenceParts): Files {
  const { document: published, errors, config, socket, transcripts, released, banner } = parts;
  const document = structuredClone(published);
  addSamples(document);
  const [errorTable, fields, keys] = [
    toErrorCatalogue(errors, banner),
    toFieldTable(published, banner),
    toConfigReference(config, banner),
  ];
  const socketText = `# The gateway protocol over WebSocket\n\n${toSocketReference(socket)}`;
  const now = {
    version: String(published.info["version"]),
    inventory: toInventory(published, Object.keys(errors), listKeys(keys), Object.keys(socket.methods)),
  };
  const pages: SitePage[] = [
    ...toErrorPages(errors, published),
    toStreamPage(transcripts),
    { file: "fields.html", title: "Request fields", html: toHtml(fields) },
    { file: "websocket.html", title: "WebSocket", html: toHtml(socketText) },
    { file: "configuration.html", title: "Configuration", html: toHtml(keys) },
    toChangesPage(released, now),
  ];
  const style = read("page.css");
  const chapters = [toStreamMarkdown(transcripts), ...[errorTable, fields, socketText, keys].map(lower)];
  return {
    "reference/index.html": toIndex(document, banner),
    ...Object.fromEntries(pages.map((page) => [`reference/docs/${page.file}`, toSitePage(page, style, banner)])),
    "reference/docs.md": toTwin({ document, chapters }),
    "reference/llms.txt": toLlms(document),
    "reference/inventory.json": `${JSON.stringify(now, null, 2)}\n`,
  };
}

function listKeys(reference: string): string[] {
  return [...reference.matchAll(/^\| `([^`]+)`/gm)].map(([, key = ""]) => key);
}

/** A page as a chapter. */
function lower(page: string): string {
  return page
    .replace(/^<!--[^]*?-->\s*/, "")
    .trim()
    .replaceAll(/^#/gm, "##");
}

/** An example of a parameter is sent where something is tried, so what may be left out has none there. */
function suggestNothing({ components, paths }: OpenApi): void {
  const shared = Object.values((components["parameters"] ?? {}) as Record<string, object>);
  const own = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ parameters = [] }) => parameters as readonly object[]),
  );
  for (const parameter of [...shared, ...own] as { required?: boolean; example?: unknown; examples?: unknown }[]) {
    if (parameter.required === true) continue;
    delete parameter.example;
    delete parameter.examples;
  }
}

const beside = `**Beside this page:** [errors](docs/errors.html), each with cause and remedy · [streams](docs/streams.html) event by event · [what becomes of each field](docs/fields.html) · [WebSocket](docs/websocket.html) · [configuration](docs/configuration.html) · [changes](docs/changes.html) · for programs: [Markdown](docs.md), [llms.txt](llms.txt), [openapi.json](openapi.json)`;

function toIndex(document: OpenApi, banner: string): string {
  const tags = document["tags"] as { name: string; description: string }[];
  const shown = {
    ...document,
    info: { ...document.info, description: `${beside}\n\n${String(document.info["description"])}` },
    tags: [
      ...tags.filter(({ name }) => name !== "websocket"),
      { name: "not served", description: "What OpenAI has beside it, and what to do instead." },
    ],
  };
  suggestNothing(shown);
  for (const methods of Object.values(shown.paths)) {
    for (const operation of Object.values(methods)) {
      if (operation.responses["200"] === undefined) Object.assign(operation, { tags: ["not served"] });
    }
  }
  // In a script no text may end the script.
  const json = JSON.stringify(shown).replaceAll("<", String.raw`\u003c`);
  const integrity = `sha256-${createHash("sha256")
    .update(readFileSync(join(folder, "scalar.js")))
    .digest("base64")}`;
  return `<!doctype html>
<!-- ${banner} -->
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>clawgate reference</title>
<link rel="icon" href="${icon}" />
<style id="colours">${read("scalar.css")}</style>
</head>
<body>
<div id="reference"></div>
<noscript><p>This page needs a script. Without one: <a href="docs.md">the same as Markdown</a>, <a href="docs/errors.html">errors</a>, <a href="docs/configuration.html">configuration</a>.</p></noscript>
<script type="application/json" id="document">${json}</script>
<script src="docs.js" integrity="${integrity}"></script>
<script>${read("boot.js")}</script>
</body>
</html>
`;
}
