import { eachChoice, eachDelta, eachMessage, isFinish, toDeltas, without } from "./edit.ts";
import type { Change } from "./mutant.ts";
import { socketVariants } from "./socket-variants.ts";

/** What conforming servers do differently. None of it may be blamed by any case. */
export const variants: readonly Change[] = [
  { id: "identity", what: "Nothing is changed; the proxy itself must not be seen." },
  { id: "crlf", what: "Lines of the stream end in CR LF.", frame: (frame) => frame.replaceAll("\n", "\r\n") },
  { id: "no-space", what: "No space follows `data:`.", frame: (frame) => frame.replaceAll("data: ", "data:") },
  { id: "comments", what: "A comment line comes before every event.", frame: (frame) => `: keep-alive\n${frame}` },
  {
    id: "role-with-text",
    what: "Role and first words come in one chunk.",
    chunk: mergeRole(),
  },
  {
    id: "role-null-content",
    what: "The role chunk has `content: null`.",
    chunk: (chunk) => eachDelta(chunk, (delta) => ("role" in delta ? { ...delta, content: null } : delta)),
  },
  {
    id: "extra-fields",
    what: "Answers, choices, messages and deltas have fields of the vendor's own.",
    json: (body) => ({ ...eachMessage(body, (message) => ({ ...message, x_vendor: 1 })), x_vendor: { a: 1 } }),
    chunk: (chunk) => ({ ...eachDelta(chunk, (delta) => ({ ...delta, x_vendor: 1 })), x_vendor: true }),
  },
  {
    id: "other-ids",
    what: "Ids do not begin with `chatcmpl-`.",
    json: (body) => ({ ...body, id: String(body["id"]).replace("chatcmpl-", "gen-") }),
    chunk: (chunk) => ({ ...chunk, id: String(chunk["id"]).replace("chatcmpl-", "gen-") }),
  },
  {
    id: "no-usage-details",
    what: "Usage has the three numbers only.",
    json: (body) => ({ ...body, usage: plainUsage(body["usage"]) }),
    chunk: (chunk) => (chunk["usage"] ? { ...chunk, usage: plainUsage(chunk["usage"]) } : chunk),
  },
  {
    id: "obfuscation",
    what: "Chunks carry padding under `obfuscation`.",
    chunk: (chunk) => ({ ...chunk, obfuscation: "abc" }),
  },
  {
    id: "fingerprint",
    what: "Answers have `system_fingerprint` and `service_tier`.",
    json: (body) => ({ ...body, system_fingerprint: "fp_1", service_tier: "default" }),
    chunk: (chunk) => ({ ...chunk, system_fingerprint: "fp_1", service_tier: "default" }),
  },
  {
    id: "logprobs-absent-in-chunks",
    what: "Chunks leave the optional `logprobs` out.",
    chunk: (chunk) => eachChoice(chunk, (choice) => without(choice, "logprobs")),
  },
  {
    id: "empty-tool-calls",
    what: "An answer in words has `tool_calls: []`.",
    json: (body) => eachMessage(body, (message) => ({ tool_calls: [], ...message })),
  },
  {
    id: "upper-host-headers",
    what: "The content type has no charset.",
    answer: (answer) => ({
      ...answer,
      headers: {
        ...answer.headers,
        "content-type": String(answer.headers["content-type"]).replace("; charset=utf-8", ""),
      },
    }),
    streamHeaders: (headers) => ({ ...headers, "content-type": "text/event-stream" }),
  },
  {
    id: "chunked-json",
    what: "JSON answers come with chunked transfer coding instead of a length.",
    answer: (answer) => ({ ...answer, headers: { ...answer.headers, "transfer-encoding": "chunked" } }),
  },
  {
    id: "pretty-json",
    what: "JSON answers are indented.",
    answer: (answer) =>
      String(answer.headers["content-type"]).startsWith("application/json") && String(answer.body) !== ""
        ? { ...answer, body: JSON.stringify(JSON.parse(String(answer.body)), null, 2) }
        : answer,
  },
  {
    id: "rate-headers",
    what: "Answers carry OpenAI's rate-limit and processing headers.",
    answer: withRateHeaders,
    streamHeaders: (headers) => ({ ...headers, ...rateHeaders }),
  },
  {
    id: "usage-null-on-finish",
    what: "The finish chunk says `usage: null` although nobody asked for usage.",
    chunk: (chunk) => (isFinish(chunk) ? { usage: null, ...chunk } : chunk),
  },
  {
    id: "empty-delta-first",
    what: "An empty delta comes between the role and the text.",
    chunk: (chunk) =>
      toDeltas(chunk).some((delta) => "role" in delta) ? [chunk, eachDelta(chunk, () => ({}))] : chunk,
  },
  ...socketVariants,
];

const rateHeaders = {
  "openai-processing-ms": "12",
  "openai-version": "2020-10-01",
  "x-ratelimit-limit-requests": "100",
  "x-ratelimit-remaining-requests": "99",
  "x-ratelimit-reset-requests": "600ms",
};

function withRateHeaders<T extends { readonly headers: Readonly<Record<string, string>> }>(answer: T): T {
  return { ...answer, headers: { ...answer.headers, ...rateHeaders } };
}

function plainUsage(usage: unknown): unknown {
  return typeof usage === "object" && usage !== null
    ? without(usage, "prompt_tokens_details", "completion_tokens_details")
    : usage;
}

/** Holds the role chunk of a stream back and puts the role into the next one. */
function mergeRole(): NonNullable<Change["chunk"]> {
  const waiting = new Set<unknown>();
  return (chunk) => {
    const { id } = chunk;
    if (toDeltas(chunk).some((delta) => "role" in delta)) {
      waiting.add(id);
      return undefined;
    }
    if (!waiting.delete(id)) return chunk;
    return eachDelta(chunk, (delta) => ({ role: "assistant", ...delta }));
  };
}
