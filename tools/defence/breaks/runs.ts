import { type Break, without } from "../break.ts";

const key = "src/session/key.ts";
const route = "src/api/chat/route.ts";
const sse = "src/edge/sse.ts";
const deadline = "src/base/deadline.ts";
const exchange = "src/outbound/exchange.ts";
const connections = "src/outbound/connections.ts";
const send = "src/outbound/send.ts";

export const runs: readonly Break[] = [
  // Whose session it is.
  without(["G01", "G05"], key, "if (reservedPattern.test(key)) refuse(", "if (false) refuse("),
  without(["G01"], "src/session/column.ts", "return JSON.stringify(key).slice(1, -1);", "return key.toWellFormed();"),
  without(
    ["G02"],
    "src/run/agents.ts",
    'if (target === undefined) throw notFound(model, "model", agents);',
    "if (target === undefined) return { agent: agents.default, explicit: false };",
  ),
  without(["G03"], key, "return `agent:${agentId}:openai-user:${user}`;", "return `agent:main:openai-user:${user}`;"),
  without(["G05"], "src/edge/dispatch.ts", "if (values.length > 1)", "if (false)"),
  without(["G08"], route, "kept: false, toldWhole: true };", "kept: true, toldWhole: true };"),
  without(
    ["G08"],
    key,
    "return `agent:${agentId}:openai:${randomUUID()}`;",
    'return `agent:${agentId}:openai:${"0".repeat(36)}`;',
  ),
  without(["G09"], "src/run/turns.ts", "lanes.get(key)?.shift();", "lanes.get(key)?.pop();"),
  without(
    ["G10"],
    "src/session/sqlite/transcripts.ts",
    '"SELECT body, checksum FROM message WHERE session_key = ? AND',
    "\"SELECT body, checksum FROM message WHERE ? <> '' AND",
    {
      also: [
        {
          file: "src/session/chain.ts",
          from: "rows: readonly ChainedRow[]): string | undefined {",
          to: "rows: readonly ChainedRow[]): string | undefined {\n  return undefined;",
        },
      ],
    },
  ),
  without(["G10"], "src/run/turns.ts", "await lanes.enter(key, signal)", 'await lanes.enter("", signal)'),
  without(["G14"], key, "return namespace === undefined ? sessionKey : namespace + sessionKey;", "return sessionKey;"),
  // What a stream says.
  without(["E01"], "src/edge/dispatch.ts", 'headers["x-accel-buffering"] = "no";', ""),
  without(["E02", "E03"], sse, "this.#brake.hold();", ""),
  without(["E02"], "src/edge/slow-readers.ts", "if (now - behind.since >= writeStallMs) {", "if (false) {"),
  without(["E04"], "src/run/turns.ts", 'signal.addEventListener("abort", onAbort, { once: true });', "", {
    tests: ["a client that waits for its session and leaves never runs"],
  }),
  without(["E04"], "src/run/slots.ts", 'signal.addEventListener("abort", onAbort, { once: true });', "", {
    tests: ["a client that leaves while it waits never has a run"],
  }),
  without(
    ["E04"],
    "src/edge/dispatch.ts",
    "readText: toText(ctx),\n      signal,",
    "readText: toText(ctx),\n      signal: new AbortController().signal,",
    { tests: ["a client that leaves %s ends its run"] },
  ),
  without(["E05"], "src/api/chat/chunks.ts", "const graceMs = 150;", "const graceMs = 0;"),
  without(
    ["E06", "E07", "E17"],
    sse,
    "writer.end(`data: ${toErrorJson(error)}\\n\\n`);",
    'writer.end("data: [DONE]\\n\\n");',
  ),
  without(["E07"], sse, "check(event);", ""),
  without(
    ["E07"],
    "src/base/errors.ts",
    '"The gateway failed. The log holds the cause under the request id."',
    "String(error)",
  ),
  without(["E14"], sse, "this.#pending += text;", "this.#pending = text + this.#pending;"),
  // What a model may do to it.
  without(["U01"], deadline, "startPatience(firstTokenMs,", "startPatience(totalMs,"),
  without(["U01"], connections, "connect: { timeout: deadlines.connectMs,", "connect: { timeout: 50_000,", {
    tests: ["because it never shakes hands is 502 at the limit"],
  }),
  without(["U02"], deadline, "if (!flow.held) expire(", "if (false) expire("),
  without(["U03"], deadline, "startPatience(totalMs,", "startPatience(2 ** 31 - 1,"),
  without(
    ["U04", "U05"],
    "src/model/finish.ts",
    'if (ending === undefined) throw new GatewayError("upstream_error", "The model\'s answer broke off.");',
    'if (ending === undefined) return "stop";',
    {
      tests: ["$name has failed, whole and streamed, and the next turn is answered"],
    },
  ),
  without(
    ["U04", "U05", "E17"],
    "src/model/embedded/beat.ts",
    'throw new GatewayError("upstream_error", "The model\'s stream broke off before its end.");',
    "return;",
    {
      tests: [
        "$given throws an APIError once its words are out",
        "the stream helper rejects when the stream breaks",
        "a cut answer that is not streamed is an InternalServerError and no short answer",
        "by $text stores nothing and leaves the session usable",
      ],
    },
  ),
  without(["U07"], connections, "maxResponseSize: answerBytesMax,", ""),
  without(["U07"], connections, "maxResponseSize: answerBytesMax,", "", {
    also: [{ file: "src/model/openai/body-reader.ts", from: "maxBufferSize: eventCharactersMax,", to: "" }],
    tests: ["an answer that is larger than an answer may be is none, also in one event"],
  }),
  without(["U08"], exchange, "if (!isPlain) throw toEncodingFailure();", ""),
  without(
    ["U09"],
    "src/outbound/failure.ts",
    "  408: { code:",
    '  401: { code: "invalid_api_key", message: rejected },\n  408: { code:',
  ),
  without(["U11"], connections, "rejectUnauthorized: true", "rejectUnauthorized: false"),
  without(
    ["U11"],
    "src/outbound/failure.ts",
    '["ECONNREFUSED", { message: unreachable',
    '["ECONNREFUSED", { message: brokeOff',
    {
      tests: ["because nothing listens is 502"],
    },
  ),
  without(["U12"], send, "this.#restTimer = setTimeout(() => controller.abort(left), restMs);", ""),
  without(
    ["U12", "U04"],
    send,
    "    this.#controller?.abort(left);\n    this.#reject(cause);",
    "    this.#reject(cause);",
    {
      tests: [
        "calls that are left at every moment cost nobody else his answer, and no connection",
        "closes the connection, gives no more and rejects when %s",
      ],
    },
  ),
  without(["U13"], connections, "connections: connectionsMax,", ""),
  without(["U14"], exchange, "if (cause.retryAfterMs === undefined) throw cause.error;", "throw cause.error;"),
  without(
    ["U14"],
    exchange,
    "if (accepted || cause instanceof FailedAttempt) throw cause;",
    "if (cause instanceof FailedAttempt) throw cause;",
  ),
  // An answer that breaks off is a short one.
  without(
    ["U19"],
    send,
    "if (this.#settle()) this.#reject(cause);\n  }\n\n  readonly #leave",
    "if (this.#settle()) this.#resolve();\n  }\n\n  readonly #leave",
    {
      also: [
        {
          file: "src/model/finish.ts",
          from: 'if (ending === undefined) throw new GatewayError("upstream_error", "The model\'s answer broke off.");',
          to: 'if (ending === undefined) return "stop";',
        },
      ],
    },
  ),
];
