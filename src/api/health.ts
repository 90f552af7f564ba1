import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Handler, Reply } from "../base/contract.ts";
import type { Metrics } from "../base/metrics.ts";

// A frozen reply never changes: the edge makes its bytes once.
const live = Object.freeze({ status: 200, body: { ok: true, status: "live" } } as const);
const ready = Object.freeze({ status: 200, body: { ready: true } } as const);

/** `GET /healthz`: it answers, so it is alive. */
export const getHealth: Handler<"getHealth"> = () => live;

/** `GET /readyz`: throws what keeps the gateway from taking calls. */
export function createGetReadiness(assertReady: () => Promise<void>): Handler<"getReadiness"> {
  return async () => {
    await assertReady();
    return ready;
  };
}

/** `GET /metrics`. */
export function createGetMetrics(metrics: Metrics): Handler<"getMetrics"> {
  return async () => ({ status: 200, body: await metrics.toText() });
}

type ContractBody = Extract<Reply<"getContract">, { status: 200 }>["body"];

/** `GET /openapi.json`: the file of the package, read at the first call. */
export function createGetContract(path: URL): Handler<"getContract"> {
  return once(() => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer check holds it against the contract
    const body = JSON.parse(readFileSync(path, "utf8")) as ContractBody;
    return Object.freeze({ status: 200, body });
  });
}

/** `GET /docs`: one page with everything in it, read at the first call. */
export function createGetDocs(path: URL): Handler<"getDocs"> {
  return once(() => {
    const body = readFileSync(path, "utf8");
    return Object.freeze({ status: 200, headers: { "content-security-policy": toPagePolicy(body) }, body });
  });
}

/**
 * The page brings its scripts and styles along and loads nothing. Its scripts are named by their digests (CSP Level 3
 * section 6.7.3), so that one that finds its way into the page does not run; its styles are made as it is read.
 */
function toPagePolicy(page: string): string {
  const scripts = page.matchAll(/<script\b[^>]*>(.*?)<\/script/gis);
  const digests = new Set(Array.from(scripts, ([, text = ""]) => `'sha256-${hash("sha256", text, "base64")}'`));
  return `default-src 'none'; script-src ${[...digests].join(" ")}; style-src 'unsafe-inline'; img-src data:; font-src data:; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}

function once<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}
