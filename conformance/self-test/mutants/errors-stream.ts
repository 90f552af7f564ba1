import { without, withHeaders } from "../edit.ts";
import { defineMutants, type ProxiedAnswer } from "../mutant.ts";

/** Faults in failures of a stream, and in what errors say about trying again. */
export const errorStreamMutants = defineMutants([
  {
    id: "failure-first-as-event",
    what: "A failure before the first byte is a 200 with an error event: openclaw/clawrouter#101.",
    answer: (answer, call) =>
      answer.status >= 500 && call.body?.["stream"] === true
        ? { status: 200, headers: { "content-type": "text/event-stream" }, body: `data: ${String(answer.body)}\n\n` }
        : answer,
    killedBy: ["ERR-07"],
  },
  {
    id: "failure-hidden-by-done",
    what: "A failure in a stream is hidden behind a clean `[DONE]`: bigduu/Bamboo-agent#355.",
    frame: (frame) => (isError(frame) ? "data: [DONE]\n\n" : frame),
    killedBy: ["ERR-08", "ERR-09", "ERR-10", "ERR-11"],
  },
  {
    id: "failure-swallowed",
    what: "A failed stream just ends, with no error and no `[DONE]`: open-webui/open-webui#29628.",
    frame: (frame) => (isError(frame) ? "" : frame),
    killedBy: ["ERR-08", "ERR-09", "ERR-10", "ERR-11"],
  },
  {
    id: "failure-said-as-text",
    what: "A failure is said as the assistant's words, with `stop`: openclaw/openclaw#115718.",
    frame: (frame) =>
      isError(frame)
        ? `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "Error: internal error" }, finish_reason: "stop" }] })}\n\n`
        : frame,
    killedBy: ["ERR-08", "ERR-09", "ERR-10", "ERR-11", "ERR-12"],
  },
  {
    id: "failure-with-finish",
    what: "A finish reason comes before the error of a failed stream.",
    frame: (frame) =>
      isError(frame) ? `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n${frame}` : frame,
    killedBy: ["ERR-09"],
  },
  {
    id: "failure-event-named",
    what: "The error comes as `event: error` with a flat body, which SDK 5 and 6 pass on as a chunk.",
    frame: (frame) =>
      isError(frame) ? `event: error\ndata: {"message":"it failed","code":"upstream_error"}\n\n` : frame,
    killedBy: ["ERR-10", "ERR-09", "ERR-11"],
  },
  {
    id: "failure-event-with-text",
    what: "The `error` of the event is a string.",
    frame: (frame) => (isError(frame) ? 'data: {"error":"it failed"}\n\n' : frame),
    killedBy: ["ERR-10"],
  },
  {
    id: "failure-event-without-message",
    what: "The `error` of the event has no message.",
    frame: (frame) => (isError(frame) ? 'data: {"error":{"code":500}}\n\n' : frame),
    killedBy: ["ERR-08", "ERR-10"],
  },
  {
    id: "failure-event-with-stack",
    what: "The error event of a stream shows the stack.",
    frame: (frame) =>
      isError(frame) ? 'data: {"error":{"message":"at run (/home/node/app/server.js:10:5)"}}\n\n' : frame,
    killedBy: ["ERR-13"],
  },
  {
    id: "failure-said-as-answer",
    what: "A failing backend is answered with the error as the assistant's text.",
    answer: (answer) =>
      answer.status >= 500
        ? {
            status: 200,
            headers: { "content-type": "application/json" },
            body: '{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Error: internal error"},"finish_reason":"stop"}]}',
          }
        : answer,
    killedBy: ["ERR-05", "ERR-07", "ERR-12", "ERR-17", "ERR-18", "ERR-20"],
  },
  {
    id: "rate-limit-503",
    what: "A rate limit is a 503.",
    answer: (answer) => (answer.status === 429 ? { ...answer, status: 503 } : answer),
    killedBy: ["ERR-05", "ERR-15"],
  },
  {
    id: "retry-after-missing",
    what: "No error says when to try again.",
    answer: (answer) => ({ ...answer, headers: toText(without(answer.headers, "retry-after")) }),
    killedBy: ["ERR-15", "ERR-18"],
  },
  {
    id: "retry-after-of-days",
    what: "`retry-after` is three days, and the SDK sleeps: earendil-works/pi#6911.",
    answer: (answer) => retryAfter(answer, { "retry-after": "277403" }),
    killedBy: ["ERR-15", "ERR-18"],
  },
  {
    id: "retry-after-as-date",
    what: "`retry-after` is a date.",
    answer: (answer) => retryAfter(answer, { "retry-after": new Date(Date.now() + 2000).toUTCString() }),
    killedBy: ["ERR-15", "ERR-18"],
  },
  {
    id: "retry-after-zero",
    what: "`retry-after` is 0, and the SDK tries again at once.",
    answer: (answer) => retryAfter(answer, { "retry-after": "0" }),
    killedBy: ["ERR-15", "ERR-18"],
  },
  {
    id: "retry-after-ms-differs",
    what: "`retry-after-ms` says another time than `retry-after`.",
    answer: (answer) => retryAfter(answer, { "retry-after-ms": "20", "retry-after": "30" }),
    killedBy: ["ERR-15", "ERR-16"],
  },
  {
    id: "should-retry-missing",
    what: "A failure after the model has begun does not forbid to try again: NousResearch/hermes-agent#19642.",
    answer: (answer) => ({ ...answer, headers: toText(without(answer.headers, "x-should-retry")) }),
    killedBy: ["ERR-17"],
  },
  {
    id: "should-retry-never",
    what: "Every error forbids to try again, rate limits included.",
    answer: (answer) => (answer.status >= 400 ? withHeaders(answer, { "x-should-retry": "false" }) : answer),
    killedBy: ["ERR-15", "SDK-10"],
  },
  {
    id: "timeout-502",
    what: "A model that does not answer in time is a 502.",
    answer: (answer) => (answer.status === 504 ? { ...answer, status: 502 } : answer),
    killedBy: ["ERR-20"],
  },
  {
    id: "overload-500",
    what: "An overload is a 500.",
    answer: (answer) => (answer.status === 503 ? { ...answer, status: 500 } : answer),
    killedBy: ["ERR-18"],
  },
]);

function isError(frame: string): boolean {
  return frame.startsWith('data: {"error"');
}

function retryAfter(answer: ProxiedAnswer, headers: Readonly<Record<string, string>>): ProxiedAnswer {
  return "retry-after" in answer.headers ? withHeaders(answer, headers) : answer;
}

function toText(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
