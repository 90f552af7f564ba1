import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectRejection, expectText, expectThat, isObject } from "../expect.ts";
import { type StreamReading, toFinishReasons, toText } from "../lens/stream.ts";
import { isError } from "../self-test/edits/errors.ts";
import { expectStatus } from "./sdk-answer.ts";
import { parseJson } from "./tools-calls.ts";

const dryWell = "the well is dry";
const failing = `@@fail after=3 message="${dryWell}"`;
const endMsMax = 250;

/** Failures before and inside a stream. */
export const errorStreamCases = defineCases([
  {
    id: "ERR-07",
    level: "MUST",
    requirement:
      "A failure before the first byte is a 5xx with the envelope in both modes, not a 200 with an error in it.",
    source: "The SDK makes InternalServerError of it and may try again, every major; openclaw/clawrouter#101",
    needs: ["fixture"],
    finds: [
      "failure-said-as-answer",
      "error-flat",
      "error-as-text",
      "error-of-fastapi",
      "error-as-text-plain",
      "error-page",
      "json-as-text-plain",
      "failure-200",
      "failure-200-empty-choices",
    ],
    faults: [
      {
        id: "failure-first-as-event",
        what: "A failure before the first byte is a 200 with an error event: openclaw/clawrouter#101.",
        answer: (answer, call) =>
          answer.status >= 500 && call.body?.["stream"] === true
            ? {
                status: 200,
                headers: { "content-type": "text/event-stream" },
                body: `data: ${String(answer.body)}\n\n`,
              }
            : answer,
      },
    ],
    async run({ sdk, send, say, signal }) {
      for (const stream of [false, true]) {
        const body = say("@@fail", { stream });
        const { status, headers, json } = await send({ path: "/chat/completions", body });
        expectThat(status >= 500, `a 5xx with stream ${stream}`, status);
        const type = headers["content-type"] ?? "";
        expectThat(type.startsWith("application/json"), `application/json with stream ${stream}`, type);
        expectObject(isObject(json) ? json["error"] : undefined, `error with stream ${stream}`);
        const asked = Promise.resolve(sdk.client.chat.completions.create(body, { signal }));
        const error = await expectRejection(asked, `the call with stream ${stream}`);
        expectEqual(error.constructor.name, "InternalServerError", `what the SDK throws with stream ${stream}`);
      }
    },
  },
  {
    id: "ERR-09",
    level: "MUST",
    requirement: "A failed stream never looks finished: it has no `finish_reason`, and it says an error or is cut off.",
    source:
      "The SDK takes a clean end without an error for success, every major; bigduu/Bamboo-agent#383, openclaw/openclaw#97994",
    needs: ["fixture"],
    finds: [
      "failure-hidden-by-done",
      "failure-swallowed",
      "failure-said-as-text",
      "failure-event-named",
      "finish-on-every-chunk",
    ],
    faults: [
      {
        id: "failure-with-finish",
        what: "A finish reason comes before the error of a failed stream.",
        frame: (frame) =>
          isError(frame) ? `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n${frame}` : frame,
      },
    ],
    async run(context) {
      const broken = await context.stream(context.say("@@cut after=3"));
      for (const reading of [await askFailing(context), broken]) {
        expectEqual(toFinishReasons(reading), [], "the finish reasons of a failed stream");
        const isTold = reading.error !== undefined || reading.answer.end === "cut";
        expectThat(isTold, "an error event or a broken connection", reading.answer.text.slice(-300));
      }
    },
  },
  {
    id: "ERR-10",
    level: "MUST",
    requirement:
      "The error in a stream is a plain `data:` event without a name, and its `error` is an object with a `message`.",
    source:
      "`event: error` with a flat body is passed on as a chunk by the SDK 5 and 6; a text as `error` breaks the AI SDK",
    needs: ["fixture"],
    finds: ["failure-hidden-by-done", "failure-swallowed", "failure-said-as-text", "failure-event-without-message"],
    faults: [
      {
        id: "failure-event-named",
        what: "The error comes as `event: error` with a flat body, which SDK 5 and 6 pass on as a chunk.",
        frame: (frame) =>
          isError(frame) ? `event: error\ndata: {"message":"it failed","code":"upstream_error"}\n\n` : frame,
      },
      {
        id: "failure-event-with-text",
        what: "The `error` of the event is a string.",
        frame: (frame) => (isError(frame) ? 'data: {"error":"it failed"}\n\n' : frame),
      },
    ],
    async run(context) {
      const { sse } = await askFailing(context);
      const found = sse.events.filter(({ name, data }) => name === "error" || /"error"\s*:\s*[^n\s]/.test(data));
      const [event] = found;
      expectThat(event !== undefined, "an error event", sse.events.at(-1)?.data);
      expectEqual(event.name, "", "the name of the error event");
      const value = parseJson(event.data);
      expectObject(value, "the error event");
      expectObject(value["error"], "its error");
      expectText(value["error"]["message"], "error.message");
    },
  },
  {
    id: "ERR-11",
    level: "SHOULD",
    requirement: "The stream ends within 250 ms of its error event, with or without `[DONE]`.",
    source: "Clients wait for the end of the body: BerriAI/litellm#39748",
    needs: ["fixture"],
    finds: [
      "failure-hidden-by-done",
      "failure-swallowed",
      "failure-said-as-text",
      "failure-event-named",
      "body-open-after-done",
    ],
    async run(context) {
      const { answer, error } = await askFailing(context);
      const told = answer.reads.find(({ bytes }) => bytes.includes('"error"'));
      expectThat(error !== undefined && told !== undefined, "an error event", answer.text.slice(-300));
      expectEqual(answer.end, "complete", "how the stream ends");
      const waitedMs = Math.round(answer.endMs - told.atMs);
      expectThat(waitedMs <= endMsMax, `the end within ${endMsMax} ms`, `${waitedMs} ms`);
    },
  },
  {
    id: "ERR-12",
    level: "MUST",
    requirement: "The text of a failure is never said as the assistant's own words.",
    source: 'openclaw/openclaw#115718: "Error: internal error" came as content with finish_reason stop',
    needs: ["fixture"],
    finds: [
      "failure-said-as-text",
      "failure-said-as-answer",
      "failure-200",
      "failure-200-empty-choices",
      "deltas-trimmed",
    ],
    async run(context) {
      const reading = await askFailing(context);
      expectEqual(toText(reading), "word0 word1 word2", "what the assistant said before the stream failed");
      const { status, text } = await context.chat(context.say(failing));
      expectThat(status >= 500, "a 5xx for the same failure without streaming", `${status} ${text.slice(0, 200)}`);
    },
  },
]);

/** A stream that fails after three words, asked once for the cases that only look at it. */
async function askFailing(context: CaseContext): Promise<StreamReading> {
  const reading = await context.once("failing stream", () => context.stream(context.say(failing), { limitMs: 3000 }));
  expectStatus(reading.answer, 200, "a stream that fails after three words");
  return reading;
}
