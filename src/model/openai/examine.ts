import { GatewayError } from "../../base/errors.ts";
import type { Endpoint } from "../../outbound/exchange.ts";
import { toBrokenAttempt, toFailedAttempt, toWebPageError } from "../../outbound/failure.ts";

/** Longer than this nobody waits for a list of names. */
const examineMs = 5_000;

/**
 * Asks the server for its models, and one that has no list for an answer to nothing: calls that cost nothing. Resolves to what
 * it says of itself, as a sentence's end; throws a `GatewayError` if it cannot be reached, refuses the key, or is none that
 * chats.
 */
export async function examine(endpoint: Endpoint, models: readonly string[]): Promise<string> {
  const listed = await ask(endpoint, "GET", endpoint.url.pathname.replace(/chat\/completions$/, "models"));
  // Not every server that chats can list.
  if (isNowhere(listed)) await assertChats(endpoint);
  else if (listed.status !== 200) throw toFailedAttempt({ status: Math.max(listed.status, 400) }).error;
  const known = toIds(listed.text);
  if (known === undefined) return "answers, and lists no models";
  const missing = models.filter((model) => !known.has(model));
  if (missing.length === 0) return `answers, and has ${models.join(", ")}`;
  throw new GatewayError("upstream_rejected", `answers, but does not list ${missing.join(", ")}`);
}

/** A call without a message: whoever chats refuses it, and nobody else knows its address. */
async function assertChats(endpoint: Endpoint): Promise<void> {
  const refusal = await ask(endpoint, "POST", endpoint.url.pathname);
  if (isNowhere(refusal) || refusal.status === 401 || refusal.status === 403)
    throw toFailedAttempt({ status: refusal.status }).error;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const isNowhere = ({ status }: Answer): boolean => status === 404 || status === 405;

async function ask({ url, headers, connections }: Endpoint, method: "GET" | "POST", path: string): Promise<Answer> {
  const signal = AbortSignal.timeout(examineMs);
  const body = method === "POST" ? { body: "{}" } : {};
  try {
    const answer = await connections.request({ origin: url.origin, path, method, headers, signal, ...body });
    const text = await answer.body.text();
    if (answer.statusCode === 200 && text.trimStart().startsWith("<")) throw toWebPageError();
    return { status: answer.statusCode, text };
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : toBrokenAttempt(cause).error;
  }
}

function toIds(text: string): ReadonlySet<unknown> | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing in it is certain, as the type says
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    if (!Array.isArray(data)) return undefined;
    const entries: readonly ({ readonly id?: unknown } | null)[] = data;
    return new Set(entries.map((entry) => entry?.id));
  } catch {
    // What is no list says nothing about models.
    return undefined;
  }
}
