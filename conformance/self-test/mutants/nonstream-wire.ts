import { toRefusal, withFields, withHeaders } from "../edit.ts";
import { defineMutants, type ProxiedAnswer } from "../mutant.ts";

/** Faults in how an answer that is not streamed comes over the wire. */
export const nonStreamWireMutants = defineMutants([
  {
    id: "json-as-text-plain",
    what: "JSON is sent as text/plain: the SDK returns a string.",
    answer: (answer) => withHeaders(answer, { "content-type": "text/plain" }),
    killedBy: ["NS-01", "NS-17", "SDK-01", "SDK-08", "TOOL-01", "SO-01", "ERR-01", "ERR-07", "CONC-01", "SDK-07"],
  },
  {
    id: "json-type-capital",
    what: "The media type is `Application/JSON`, which SDK 4 to 6 do not take for JSON.",
    answer: (answer) => withHeaders(answer, { "content-type": "Application/JSON" }),
    killedBy: ["NS-01"],
  },
  {
    id: "json-in-latin-1",
    what: "The body is encoded as Latin-1.",
    answer: (answer) => ({ ...answer, body: Buffer.from(String(answer.body), "latin1") }),
    killedBy: ["NS-15", "SS-20"],
  },
  {
    id: "json-content-length-in-characters",
    what: "`content-length` counts characters instead of bytes.",
    answer: (answer) => withHeaders(answer, { "content-length": String(String(answer.body).length) }),
    killedBy: ["NS-15", "NS-16"],
  },
  {
    id: "json-then-done",
    what: "`data: [DONE]` follows the JSON, as in decolua/9router#3492.",
    answer: (answer) => ({ ...answer, body: `${String(answer.body)}\n\ndata: [DONE]\n\n` }),
    killedBy: ["NS-01", "NS-02", "NS-16", "NS-17", "SDK-01", "CONC-04", "SDK-12"],
  },
  {
    id: "stream-by-default",
    what: "A request without `stream` is streamed: diegosouzapw/OmniRoute#10239.",
    call: (call) => (call.body?.["stream"] === undefined ? withFields(call, { stream: true }) : undefined),
    killedBy: ["NS-01", "NS-02", "NS-03", "NS-17", "SDK-01", "TOOL-03"],
  },
  {
    id: "stream-null-is-true",
    what: "`stream: null` is taken for true.",
    call: (call) => (call.body?.["stream"] === null ? withFields(call, { stream: true }) : undefined),
    killedBy: ["NS-17"],
  },
  {
    id: "failure-200",
    what: "Failures have status 200 and an `error` in the body: `choices` is undefined in every client.",
    answer: (answer) => ({ ...answer, status: 200 }),
    killedBy: ["NS-19", "ERR-05", "ERR-07", "ERR-12", "ERR-15", "ERR-17", "ERR-18", "ERR-20", "ERR-23", "SESS-10"],
  },
  {
    id: "failure-200-empty-choices",
    what: "A failing backend is answered as a completion without choices: RooCodeInc/Roo-Code#6096.",
    answer: (answer) =>
      answer.status >= 500
        ? { ...answer, status: 200, body: JSON.stringify({ object: "chat.completion", choices: [] }) }
        : answer,
    killedBy: ["NS-19", "ERR-05", "ERR-07", "ERR-12", "ERR-18", "ERR-20"],
  },
  {
    id: "json-byte-order-mark",
    what: "The body begins with a byte-order mark.",
    answer: (answer) => ({ ...answer, body: `\uFEFF${String(answer.body)}` }),
    killedBy: ["NS-23"],
  },
  {
    id: "json-after-blank-lines",
    what: "Blank lines come before the JSON, to keep the connection open, as DeepSeek does.",
    answer: (answer) => ({ ...answer, body: `\n\n${String(answer.body)}` }),
    killedBy: ["NS-23"],
  },
  {
    id: "request-id-missing",
    what: "Answers have no `x-request-id`.",
    answer: (answer) => withoutHeader(answer, "x-request-id"),
    killedBy: ["SDK-01"],
  },
  {
    id: "stored-completions-500",
    what: "The calls for stored completions end in a 500.",
    call: ({ method, path }) =>
      path.startsWith("/v1/chat/completions/") || (method === "GET" && path.startsWith("/v1/chat/completions"))
        ? toRefusal(500, "not implemented")
        : undefined,
    killedBy: ["SDK-13"],
  },
  {
    id: "stored-completions-without-body",
    what: "The calls for stored completions end in a 404 without a body: the SDK says `status code (no body)`.",
    call: ({ method, path }) =>
      path.startsWith("/v1/chat/completions/") || (method === "GET" && path.startsWith("/v1/chat/completions"))
        ? { status: 404, headers: {}, body: "" }
        : undefined,
    killedBy: ["SDK-13"],
  },
]);

function withoutHeader(answer: ProxiedAnswer, wanted: string): ProxiedAnswer {
  const headers = Object.entries(answer.headers).filter(([name]) => name !== wanted);
  return { ...answer, headers: Object.fromEntries(headers) };
}
