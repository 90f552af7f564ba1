import { GatewayError, withSpent } from "../../base/errors.ts";
import { toFailedAttempt } from "../../outbound/failure.ts";
import type { CountedUsage } from "../model.ts";
import { UsageCounter } from "../usage.ts";

/** What the packages throw or put into a stream: an `APICallError`, a stream error, or something about the parsing. */
interface SdkError {
  readonly name?: unknown;
  readonly statusCode?: unknown;
  /** The vendor's error as it came. */
  readonly data?: unknown;
}

/** What a package throws, before it asks the vendor, at a part that the vendor's API has no form for. */
const refusals = new Set(["AI_UnsupportedFunctionalityError", "AI_NoSuchProviderReferenceError"]);

/**
 * What an error of a package means to a client. It may hold the prompt, the address and the vendor's text, so nothing
 * of it is kept, not even for the log, but its name, its status and the vendor's codes.
 */
export function toSdkFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { name, statusCode, data } = (typeof error === "object" && error !== null ? error : {}) as SdkError;
  if (typeof name === "string" && refusals.has(name)) {
    return new GatewayError("unsupported_value", "The agent's model cannot read everything in this conversation.", {
      param: "messages",
    });
  }
  if (data !== undefined) {
    const status = typeof statusCode === "number" && statusCode >= 400 && statusCode <= 599 ? statusCode : 500;
    return withSpent(toFailedAttempt({ status, body: toErrorBody(data) }).error, toSpent(data));
  }
  return new GatewayError("upstream_error", "The model provider sent something that is no answer.", {
    cause: new Error(`the package failed: ${typeof name === "string" ? name : typeof error}`),
  });
}

/** A response that failed (OpenAI) has counts beside its error. */
function toSpent(data: unknown): CountedUsage | undefined {
  const { response } = (typeof data === "object" && data !== null ? data : {}) as { readonly response?: unknown };
  const counter = new UsageCounter();
  if (typeof response === "object" && response !== null && "usage" in response) counter.read(response.usage);
  return counter.toCounts();
}

/** An error stands in an event of its own, in a failed response (OpenAI), or is the value itself. */
function toErrorBody(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return undefined;
  const { response, error } = data as { readonly response?: { readonly error?: unknown }; readonly error?: unknown };
  return { error: response?.error ?? error ?? data };
}

/**
 * Anthropic may add events at any time, and new kinds of blocks and of their pieces; clients shall pass over what they do
 * not know. Its package calls that an error. https://platform.claude.com/docs/en/api/versioning
 */
export function isUnknownEvent(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "AI_TypeValidationError" || !("value" in error)) return false;
  const { type, content_block: block, delta } = toFields(error.value);
  if (type === "content_block_start") return isOther(block, knownBlocks);
  if (type === "content_block_delta") return isOther(delta, knownDeltas);
  return typeof type === "string" && !/^(?:message_|content_block_|response\.|error$|ping$)/.test(type);
}

/** What an answer is made of: of these nothing may be lost. */
const knownBlocks: ReadonlySet<unknown> = new Set(["text", "thinking", "redacted_thinking", "tool_use"]);
const knownDeltas: ReadonlySet<unknown> = new Set([
  "text_delta",
  "thinking_delta",
  "signature_delta",
  "input_json_delta",
]);

function isOther(part: unknown, known: ReadonlySet<unknown>): boolean {
  const { type } = toFields(part);
  return typeof type === "string" && !known.has(type);
}

function toFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
