import type { CaseContext } from "../context.ts";
import { need } from "../context.ts";
import type { WireAnswer } from "../lens/wire.ts";
import type { OwnSubject } from "../reach/subject.ts";
import { sendOwn, withOwn } from "./own-server.ts";

/** The origin that the suite asks with; a server with a list of origins has to have it on the list. */
export const pageOrigin = "https://app.example";
/** Nobody has this one on a list. */
export const strangerOrigin = "https://stranger.invalid";

/** The server that a page calls. */
export interface PageTarget {
  readonly apiKey: string;
  readonly send: CaseContext["send"];
}

const preflightHeaders = {
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization,content-type",
};

/**
 * Runs on the subject if it has CORS, else on one like it that is told to allow `pageOrigin`; skips where it has to
 * be taken as it is.
 */
export async function withCors(context: CaseContext, run: (target: PageTarget) => Promise<void>): Promise<void> {
  if (context.has("cors")) return run(toTarget(context));
  if (!context.has("own")) return need(context, "cors");
  await withOwn(context, { allowedOrigins: [pageOrigin] }, (own) => run(toOwnTarget(context, own)));
}

export function toOwnTarget(context: CaseContext, own: OwnSubject): PageTarget {
  return { apiKey: own.apiKey, send: (request) => sendOwn(context, own, request) };
}

export function toTarget({ subject, send }: CaseContext): PageTarget {
  return { apiKey: subject.apiKey, send };
}

/** What a browser asks before it lets a page send a chat completion; it never sends the key along. */
export function askFirst(
  { send }: PageTarget,
  origin: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<WireAnswer> {
  return send({
    path: "/chat/completions",
    method: "OPTIONS",
    headers: { ...preflightHeaders, authorization: undefined, origin, ...headers },
  });
}

/** A call of a page that is refused: the cheapest answer that a handler, and not the preflight, has made. */
export function callRefused({ send }: PageTarget, origin: string, headers: object = {}): Promise<WireAnswer> {
  return send({ path: "/chat/completions", body: { messages: [] }, headers: { origin, ...headers } });
}

/** True if a browser would let a page of the origin read the answer. */
export function isAllowed({ headers }: WireAnswer, origin: string): boolean {
  const allowed = headers["access-control-allow-origin"];
  return allowed === "*" || allowed === origin;
}

/** The names in a comma-separated header, in lower case. */
export function toNames(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
}

export function toCorsHeaders({ status, headers }: WireAnswer): object {
  const given = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
  return { status, ...Object.fromEntries(given) };
}
