import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Handler, Reply } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

// The reference, from files of the package, each read at the first call. A frozen reply never changes: the edge makes its
// bytes, their digest and their compressed form once.

type ContractBody = Extract<Reply<"getContract">, { status: 200 }>["body"];

/** `GET /openapi.json`. */
export function createGetContract(path: URL): Handler<"getContract"> {
  return once(() => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer check holds it against the contract
    const body = JSON.parse(readFileSync(path, "utf8")) as ContractBody;
    return Object.freeze({ status: 200, headers: { etag: toValidator(JSON.stringify(body)) }, body } as const);
  });
}

/** `GET /docs`. */
export function createGetDocs(path: URL): Handler<"getDocs"> {
  return once(() => toPage(readFileSync(path, "utf8")));
}

/** `GET /docs/{page}`: the files of the folder, which ends in a slash; no other path is ever made of what a client says. */
export function createGetDocsPage(folder: URL): Handler<"getDocsPage"> {
  const listFiles = once(() => new Set(readdirSync(folder, { recursive: true, encoding: "utf8" })));
  const pages = new Map<string, Reply<"getDocsPage">>();
  return ({ parameters: { page } }) => {
    const known = pages.get(page);
    if (known !== undefined) return known;
    if (!page.endsWith(".html") || !listFiles().has(page))
      throw new GatewayError("not_found", "The reference has no such page; /docs names those that there are.");
    const made = toPage(readFileSync(new URL(page, folder), "utf8"));
    pages.set(page, made);
    return made;
  };
}

/** `GET /docs.js`, `/docs.md`, `/llms.txt` and `/favicon.ico`. */
export function createGetFile(path: URL) {
  return once(() => {
    const body = readFileSync(path, "utf8");
    return Object.freeze({ status: 200, headers: { etag: toValidator(body) }, body } as const);
  });
}

function toPage(body: string) {
  const headers = {
    etag: toValidator(body),
    "content-security-policy": `${toPagePolicy(body)}; frame-ancestors 'none'`,
  };
  return Object.freeze({ status: 200, headers, body } as const);
}

/** A strong one (RFC 9110 section 8.8.3): equal bytes, and none others, have it. */
function toValidator(text: string): string {
  return `"${hash("sha256", text, "base64url").slice(0, 22)}"`;
}

/**
 * What a page of the reference may do. Scripts are named by their digests (CSP Level 3 section 6.7.3), so that one that finds
 * its way into the page does not run. A page without scripts may do nothing but show itself; the one that has them makes its styles
 * as it is read, and may call the gateway that it came from.
 */
export function toPagePolicy(page: string): string {
  const toDigest = (text: string): string => `'sha256-${hash("sha256", text, "base64")}'`;
  const digestsOf = (pattern: RegExp): string => {
    const texts = Array.from(page.matchAll(pattern), ([, text = ""]) => text);
    return [...new Set(texts.filter((text) => text !== "").map(toDigest))].join(" ");
  };
  const files = Array.from(page.matchAll(/<script src="[^"]*" integrity="([^"]*)"/g), ([, digest]) => `'${digest}'`);
  const rest = "img-src data:; base-uri 'none'; form-action 'none'";
  if (files.length === 0) return `default-src 'none'; style-src ${digestsOf(/<style>([^<]*)<\/style>/g)}; ${rest}`;
  const scripts = `${digestsOf(/<script>([^<]*)<\/script>/g)} ${files.join(" ")}`;
  return `default-src 'none'; script-src ${scripts}; style-src 'unsafe-inline'; font-src data:; connect-src 'self'; ${rest}`;
}

function once<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}
