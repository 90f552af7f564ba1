import { GatewayError } from "../../base/errors.ts";
import type { Endpoint } from "../../outbound/exchange.ts";
import { toBrokenAttempt, toFailedAttempt } from "../../outbound/failure.ts";

/** Longer than this nobody waits for a list of names. */
const examineMs = 5_000;

/**
 * Asks the server for its models, the one call that costs nothing. Resolves to what it says of itself, as a sentence's
 * end; throws a `GatewayError` if it cannot be reached or refuses the key.
 */
export async function examine({ url, headers, connections }: Endpoint, models: readonly string[]): Promise<string> {
  const known = await listModels({ url, headers, connections });
  if (known === undefined) return "answers, and lists no models";
  const missing = models.filter((model) => !known.has(model));
  if (missing.length === 0) return `answers, and has ${models.join(", ")}`;
  throw new GatewayError("upstream_rejected", `answers, but does not list ${missing.join(", ")}`);
}

async function listModels({ url, headers, connections }: Endpoint): Promise<ReadonlySet<unknown> | undefined> {
  const path = url.pathname.replace(/chat\/completions$/, "models");
  const signal = AbortSignal.timeout(examineMs);
  const answer = await connections
    .request({ origin: url.origin, path, method: "GET", headers, signal })
    .catch((cause: unknown) => {
      throw toBrokenAttempt(cause).error;
    });
  const text = await answer.body.text();
  // Not every server that chats can list.
  if (answer.statusCode === 404 || answer.statusCode === 405) return undefined;
  if (answer.statusCode !== 200) throw toFailedAttempt({ status: Math.max(answer.statusCode, 400) }).error;
  return toIds(text);
}

function toIds(text: string): ReadonlySet<unknown> | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing in it is certain, as the type says
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    const entries: readonly ({ readonly id?: unknown } | null)[] = data;
    return new Set(entries.map((entry) => entry?.id));
  } catch {
    // A page that is no list says nothing about models.
    return undefined;
  }
}
