import {
  type ClientOptions,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from "@modelcontextprotocol/client";
import type { ToolServerConfig } from "../../base/contract.ts";

/** Which revisions of the protocol a connection is tried with. */
export type Revisions = NonNullable<ClientOptions["versionNegotiation"]>;

/** The first one without a greeting: a server is asked what it speaks instead. */
const newest = "2026-07-28";
/**
 * How long a server may take to say what it speaks. Some of the earlier ones say nothing to what they do not know; these
 * are then greeted as they expect it.
 */
const askedMs = 1500;

/** A server is asked what it speaks, and greeted in the earlier way if it does not know the question. */
export function toFirstTry({ connectMs }: ToolServerConfig): Revisions {
  return { mode: "auto", probe: { timeoutMs: Math.min(askedMs, connectMs / 2) } };
}

/** What may help on a new connection after this try has failed; undefined where nothing does. */
export function toNextTry(cause: unknown, { mode }: Revisions, { connectMs }: ToolServerConfig): Revisions | undefined {
  // It has ended, failed or kept silent at the question: so do some that know no other beginning than a greeting.
  if (mode === "auto" && cause instanceof SdkError && askedInVain.has(cause.code)) return { mode: "legacy" };
  // It was slow to start, was greeted in the meantime, and does not know what that is.
  if (typeof mode === "string" && refusesGreeting(cause)) {
    return { mode: { pin: newest }, probe: { timeoutMs: connectMs } };
  }
  return undefined;
}

const askedInVain = new Set<string>([SdkErrorCode.EraNegotiationFailed, SdkErrorCode.RequestTimeout]);

const greetingUnknown = new Set<number>([
  ProtocolErrorCode.MethodNotFound,
  ProtocolErrorCode.UnsupportedProtocolVersion,
]);

function refusesGreeting(cause: unknown): boolean {
  if (cause instanceof SdkHttpError) return cause.status === 400;
  return cause instanceof ProtocolError && greetingUnknown.has(cause.code);
}
