import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectRejection, expectText, expectThat, Failure, isObject } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { withHeaders, without } from "../self-test/edit.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { expectStatus } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";

const rateLimit = "@@fail code=rate_limit_exceeded retry-after=1";
const retryAfterMax = 60;
/** Timers of the SDK and of this machine. */
const earlyMsMax = 100;

/** What errors tell clients about trying again. */
export const errorRetryCases = defineCases([
  {
    id: "ERR-15",
    level: "MUST",
    requirement:
      "A rate limit is status 429 with the envelope and `retry-after` in whole seconds from 1 to 60; the SDK waits so long and then succeeds.",
    source:
      "OpenAI's document: responses.429 with the header Retry-After, an integer from 1; the SDK 6 sleeps any longer time, 7 ignores more than 60 s: earendil-works/pi#6911",
    needs: ["fixture"],
    finds: ["rate-limit-503", "failure-200"],
    faults: [
      {
        id: "retry-after-missing",
        what: "No error says when to try again.",
        answer: (answer) => ({ ...answer, headers: toText(without(answer.headers, "retry-after")) }),
      },
      {
        id: "retry-after-of-days",
        what: "`retry-after` is three days, and the SDK sleeps: earendil-works/pi#6911.",
        answer: (answer) => retryAfter(answer, { "retry-after": "277403" }),
      },
      {
        id: "retry-after-as-date",
        what: "`retry-after` is a date.",
        answer: (answer) => retryAfter(answer, { "retry-after": new Date(Date.now() + 2000).toUTCString() }),
      },
      {
        id: "retry-after-zero",
        what: "`retry-after` is 0, and the SDK tries again at once.",
        answer: (answer) => retryAfter(answer, { "retry-after": "0" }),
      },
      {
        id: "retry-after-ms-differs",
        what: "`retry-after-ms` says another time than `retry-after`.",
        answer: (answer) => retryAfter(answer, { "retry-after-ms": "20", "retry-after": "30" }),
      },
      {
        id: "should-retry-never",
        what: "Every error forbids to try again, rate limits included.",
        answer: (answer) => (answer.status >= 400 ? withHeaders(answer, { "x-should-retry": "false" }) : answer),
      },
    ],
    async run(context) {
      const { headers, json } = await askRateLimit(context);
      expectObject(isObject(json) ? json["error"] : undefined, "error");
      const seconds = headers["retry-after"] ?? "";
      const isFit = /^\d+$/.test(seconds) && Number(seconds) >= 1 && Number(seconds) <= retryAfterMax;
      expectThat(isFit, `retry-after from 1 to ${retryAfterMax}`, seconds);
      const { startedMs, content } = await retryOnce(context, rateLimit);
      expectEqual(content, "back again", "the answer to the second try");
      expectThat(startedMs.length === 2, "two requests of the SDK", startedMs.length);
      const waitedMs = Math.round((startedMs[1] ?? 0) - (startedMs[0] ?? 0));
      expectThat(waitedMs >= 1000 - earlyMsMax, "a second between the two requests", `${waitedMs} ms`);
    },
  },
  {
    id: "ERR-16",
    level: "SHOULD",
    requirement: "`retry-after-ms`, where it is sent, says the same time as `retry-after`.",
    source: "The SDK prefers `retry-after-ms`, every other client reads `retry-after`",
    needs: ["fixture"],
    finds: ["retry-after-ms-differs"],
    async run(context) {
      const { headers } = await askRateLimit(context);
      const ms = headers["retry-after-ms"];
      if (ms === undefined) return context.note("retry-after-ms is not sent");
      const apartMs = Math.abs(Number(ms) - Number(headers["retry-after"]) * 1000);
      expectThat(apartMs <= 1000, `retry-after-ms near ${headers["retry-after"]} s`, ms);
    },
  },
  {
    id: "ERR-17",
    level: "SHOULD",
    requirement:
      "A failure after the model has begun says `x-should-retry: false`, so that the SDK does not do the work again.",
    source:
      "The SDK repeats every 5xx twice by itself unless this header forbids it; NousResearch/hermes-agent#19642, livekit/agents#6341",
    needs: ["fixture"],
    finds: ["failure-said-as-answer", "failure-200"],
    faults: [
      {
        id: "should-retry-missing",
        what: "A failure after the model has begun does not forbid to try again: NousResearch/hermes-agent#19642.",
        answer: (answer) => ({ ...answer, headers: toText(without(answer.headers, "x-should-retry")) }),
      },
    ],
    async run({ sdk, chat, say, signal }) {
      const body = say("@@fail after=3");
      const { status, headers } = await chat(body);
      expectThat(status >= 500, "a 5xx", status);
      expectEqual(headers["x-should-retry"], "false", "x-should-retry");
      const client = sdk.create({ maxRetries: 2 });
      await expectRejection(Promise.resolve(client.chat.completions.create(body, { signal })), "a call that fails");
      expectEqual(sdk.requestCount(), 1, "the number of requests of an SDK that may retry");
    },
  },
  {
    id: "ERR-18",
    level: "SHOULD",
    requirement: "An overload is answered at once with status 503 and `retry-after`.",
    source: "RFC 9110, section 15.6.4; the SDK waits as long as `retry-after` says",
    needs: ["fixture"],
    finds: [
      "failure-said-as-answer",
      "retry-after-missing",
      "retry-after-of-days",
      "retry-after-as-date",
      "retry-after-zero",
      "failure-200",
      "failure-200-empty-choices",
    ],
    faults: [
      {
        id: "overload-500",
        what: "An overload is a 500.",
        answer: (answer) => (answer.status === 503 ? { ...answer, status: 500 } : answer),
      },
    ],
    async run({ chat, say }) {
      const answer = await chat(say("@@fail code=upstream_unavailable"), { limitMs: 3000 });
      expectStatus(answer, 503);
      const seconds = answer.headers["retry-after"] ?? "";
      const isFit = /^\d+$/.test(seconds) && Number(seconds) >= 1 && Number(seconds) <= retryAfterMax;
      expectThat(isFit, `retry-after from 1 to ${retryAfterMax}`, seconds);
    },
  },
  {
    id: "ERR-20",
    level: "SHOULD",
    requirement: "A model that does not answer in time is status 504 with the envelope, and the message says so.",
    source: "RFC 9110, section 15.6.5; the SDK makes InternalServerError of it",
    needs: ["fixture"],
    finds: [
      "failure-said-as-answer",
      "error-without-message",
      "error-message-object",
      "error-page",
      "failure-200",
      "failure-200-empty-choices",
    ],
    faults: [
      {
        id: "timeout-502",
        what: "A model that does not answer in time is a 502.",
        answer: (answer) => (answer.status === 504 ? { ...answer, status: 502 } : answer),
      },
    ],
    async run({ chat, say }) {
      const answer = await chat(say("@@fail code=upstream_timeout"));
      expectStatus(answer, 504);
      const error = isObject(answer.json) ? answer.json["error"] : undefined;
      expectObject(error, "error");
      expectText(error["message"], "error.message");
      expectThat(/time|deadline/i.test(error["message"]), "a message about time", error["message"]);
    },
  },
  {
    id: "ERR-23",
    level: "SHOULD",
    requirement: "A prompt that is longer than the model's context is status 400 with code `context_length_exceeded`.",
    source: "OpenAI's API; agents look for the code to shorten their history, and the SDK does not repeat a 400",
    needs: ["fixture"],
    finds: [
      "error-flat",
      "error-without-code",
      "error-code-number",
      "error-invalid-422",
      "error-invalid-500",
      "error-should-retry",
      "failure-200",
    ],
    async run({ sdk, say, signal }) {
      const client = sdk.create({ maxRetries: 2 });
      const body = say("@@fail code=context_length_exceeded");
      const asked = Promise.resolve(client.chat.completions.create(body, { signal }));
      const error = await expectRejection(asked, "a prompt that is too long");
      expectEqual(error.constructor.name, "BadRequestError", "what the SDK throws");
      expectEqual(error["code"], "context_length_exceeded", "err.code");
      expectEqual(sdk.requestCount(), 1, "the number of requests of an SDK that may retry");
    },
  },
]);

/** A 429, asked once for the cases that only look at it. */
async function askRateLimit(context: CaseContext): Promise<WireAnswer> {
  const answer = await context.once("rate limit", () => context.chat(context.say(rateLimit)));
  expectStatus(answer, 429, "the answer to a rate limit");
  return answer;
}

interface Retried {
  /** When each request began. */
  readonly startedMs: readonly number[];
  readonly content: string | null | undefined;
}

/** Lets the SDK's first request fail as told, and its second one be answered. */
async function retryOnce({ sdk, say, signal }: CaseContext, failure: string): Promise<Retried> {
  const startedMs: number[] = [];
  const swapping: typeof fetch = (input, init) => {
    startedMs.push(performance.now());
    if (startedMs.length === 1 || typeof init?.body !== "string") return sdk.fetch(input, init);
    return sdk.fetch(input, { ...init, body: init.body.replace(failure, "@@echo back again") });
  };
  const client = sdk.create({ maxRetries: 1, fetch: swapping });
  const asked = client.chat.completions.create(say(failure), { signal });
  const answer = await settle(asked, "an SDK that succeeds with its second try");
  if (!Array.isArray(answer.choices)) throw new Failure("choices", String(answer.choices));
  return { startedMs, content: answer.choices[0]?.message.content };
}

function toText(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function retryAfter(answer: ProxiedAnswer, headers: Readonly<Record<string, string>>): ProxiedAnswer {
  return "retry-after" in answer.headers ? withHeaders(answer, headers) : answer;
}
