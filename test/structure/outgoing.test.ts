import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { isTestFile, loadFiles, type SourceFile } from "./sources.ts";

/** Who may talk to another machine, and to which. A path that ends in a slash is a folder. */
const allowed: Readonly<Record<string, string>> = {
  "src/model/openai/": "models of the configuration",
  "src/outbound/": "models of the configuration, and images that a client names, by the one client with guards",
  "src/model/ai-sdk/": "models of the configuration",
  "src/model/detect.ts": "model servers on loopback",
  "src/session/postgres/": "the database of the configuration",
  "src/tool/mcp/": "tool servers of the configuration",
  "src/edge/server.ts": "whoever calls the gateway",
  "src/command/examine-place.ts": "the gateway itself",
  "src/command/gateway-call.ts": "the gateway itself",
  "src/command/agent/gateway-link.ts": "the gateway itself, or the one of `--url`",
  "src/command/conformance/": "the server that the suite is run against",
};

const modules = /^(?:node:)?(?:http|https|http2|net|tls|dgram|dns|dns\/promises)$|^(?:undici|openai|pg|@ai-sdk\/.*)$/;
/** What opens no connection, wherever it comes from. */
const harmless = new Set(["BlockList", "isIP", "isIPv4", "isIPv6", "STATUS_CODES"]);
const globals = new Set(["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]);

/** One sentence for each way to the outside that stands in a file without leave. */
function findOutgoing(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTestFile(file) && !isAllowed(file.path))
    .flatMap((file) => listOutgoing(file).map((what) => `${file.path} uses ${what}`));
}

function isAllowed(path: string): boolean {
  return Object.keys(allowed).some((one) => (one.endsWith("/") ? path.startsWith(one) : path === one));
}

function listOutgoing({ path, text }: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const what = toImported(node) ?? toLoaded(node) ?? toGlobal(node);
    if (what !== undefined) found.push(what);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** `import { request } from "node:http"`, and the same with `export`; types make no connection. */
function toImported(node: ts.Node): string | undefined {
  if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return undefined;
  const module = node.moduleSpecifier;
  if (module === undefined || !ts.isStringLiteral(module) || !modules.test(module.text)) return undefined;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : module.text;
  const { importClause: clause } = node;
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return undefined;
  const bindings = clause?.namedBindings;
  if (clause?.name !== undefined || bindings === undefined || ts.isNamespaceImport(bindings)) return module.text;
  const isFree = ({ isTypeOnly, name, propertyName }: ts.ImportSpecifier): boolean =>
    isTypeOnly || harmless.has((propertyName ?? name).text);
  return bindings.elements.every(isFree) ? undefined : module.text;
}

/** `import("undici")`, `require("undici")`, `process.getBuiltinModule("http")`. */
function toLoaded(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [first] = node.arguments;
  const isText = first !== undefined && ts.isStringLiteralLike(first);
  return isText && /(?:import|require|getBuiltinModule)$/.test(node.expression.getText()) && modules.test(first.text)
    ? first.text
    : undefined;
}

/** The global by its name or as `globalThis.fetch`, but not a property or a type that is called the same. */
function toGlobal(node: ts.Node): string | undefined {
  if (!ts.isIdentifier(node) || !globals.has(node.text)) return undefined;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return parent.expression.getText() === "globalThis" ? node.text : undefined;
  }
  const isName = "name" in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
  const isType = ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent);
  return isName || isType ? undefined : node.text;
}

describe("what leaves the machine", () => {
  const files = loadFiles(join(import.meta.dirname, "../.."), ["src"]);

  it("leaves by a file that is known for it", () => {
    expect(findOutgoing(files)).toEqual([]);
  });

  it("is checked with every certificate", () => {
    const lax = files.filter(({ text }) => /rejectUnauthorized: (?!true)|checkServerIdentity/.test(text));
    expect(lax.map(({ path }) => path)).toEqual([]);
  });

  it("leaves by the guarded client: the list is not out of date", () => {
    const paths = [
      "src/outbound/image-fetch.ts",
      "src/outbound/public-network.ts",
      "src/edge/server.ts",
      "src/command/examine-place.ts",
    ];
    for (const path of paths)
      expect(files.filter((file) => file.path === path).flatMap(listOutgoing), path).not.toEqual([]);
  });

  it.each([
    'import { request } from "node:http";',
    'import { isIP, connect } from "node:net";',
    'import https from "https";',
    'import * as tls from "node:tls";',
    'import { Agent, type Dispatcher } from "undici";',
    'import "undici";',
    'import { lookup } from "node:dns/promises";',
    'import { createOpenAI } from "@ai-sdk/openai";',
    'export { request } from "undici";',
    'const { request } = await import("undici");',
    'const net = require("node:net");',
    'const net = process.getBuiltinModule("net");',
    'await fetch("http://a.example/");',
    'await globalThis.fetch("http://a.example/");',
    "const client = create({ fetch: fetch });",
    "const client = create({ fetch });",
    'const socket = new WebSocket("ws://a.example");',
  ])("is found in %s", (text) => {
    expect(findOutgoing([{ path: "src/api/chat/a.ts", text }])).toHaveLength(1);
    expect(findOutgoing([{ path: "src/outbound/image-fetch.ts", text }])).toEqual([]);
    expect(findOutgoing([{ path: "src/api/chat/a.test.ts", text }])).toEqual([]);
  });

  it.each([
    'import { isIP } from "node:net";',
    'import type { Agent } from "undici";',
    'import { type Socket, isIPv6 } from "node:net";',
    "await parts.fetch(url);",
    "interface A { readonly fetch: typeof fetch; }",
    "const a = { fetch: own };",
    'const a = "fetch(undici)"; // fetch(url)',
  ])("is not %s", (text) => {
    expect(findOutgoing([{ path: "src/api/chat/a.ts", text }])).toEqual([]);
  });
});
