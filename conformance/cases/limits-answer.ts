import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject, Skip } from "../expect.ts";
import { toFinishReasons, toText } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { eachChoice, eachMessage, isFinish } from "../self-test/edit.ts";
import { expectAnswer, expectStatus, toContent } from "./routes-answers.ts";

const listing = "Reply with exactly these words and nothing else: one two three four five";

export const limitAnswerCases = defineCases([
  {
    id: "LIM-06",
    level: "SHOULD",
    requirement: '`max_tokens: 1` gives one token and `finish_reason: "length"`, in both modes.',
    source: "OpenAI's document: CreateChatCompletionRequest.max_tokens and finish_reason.",
    finds: ["fields-ignored", "old-limit-ignored", "route-accept-decides", "route-accept-406"],
    faults: [
      {
        id: "limit-finish-stop",
        what: "An answer that was cut off says `stop`.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })),
        chunk: (chunk) =>
          isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })) : chunk,
      },
    ],
    async run(context) {
      const body = context.say(context.has("fixture") ? "@@words 5" : listing, { max_tokens: 1 });
      const answer = await context.chat(body);
      skipIfRefused(answer, "max_tokens: 1");
      const completion = expectAnswer(answer, "a call with max_tokens: 1");
      expectEqual(toFinish(completion), "length", "finish_reason with max_tokens: 1");
      const usage = completion["usage"];
      const spent = isObject(usage) ? usage["completion_tokens"] : undefined;
      expectThat(spent === undefined || spent === 1, "usage.completion_tokens to be 1 with max_tokens: 1", spent);
      const reading = await context.stream(body);
      expectStatus(reading.answer, [200], "a streamed call with max_tokens: 1");
      expectEqual(toFinishReasons(reading), ["length"], "the finish reasons of a stream with max_tokens: 1");
    },
  },
  {
    id: "LIM-07",
    level: "SHOULD",
    requirement: "`stop` ends the text before the sequence, also where it is cut by deltas; `finish_reason` is `stop`.",
    source: "OpenAI's document: StopConfiguration: the returned text will not contain the stop sequence.",
    finds: ["fields-ignored", "route-accept-decides", "route-accept-406"],
    faults: [
      {
        id: "limit-stop-included",
        what: "The text ends with the stop sequence.",
        json: (body, { body: asked }) => {
          const stop: unknown = Array.isArray(asked?.["stop"]) ? asked["stop"][0] : undefined;
          if (typeof stop !== "string") return body;
          return eachMessage(body, (message) => ({ ...message, content: `${String(message["content"])}${stop}` }));
        },
      },
    ],
    async run(context) {
      // In the fixture the sequence lies across two deltas.
      const [prompt, stop] = context.has("fixture") ? ["@@words 8", "3 wo"] : [listing, "three"];
      const body = context.say(prompt, { stop: [stop] });
      const answer = await context.chat(body);
      skipIfRefused(answer, "stop");
      const completion = expectAnswer(answer, "a call with stop");
      expectStopped(context, toContent(completion), toFinish(completion), stop);
      const reading = await context.stream(body);
      expectStatus(reading.answer, [200], "a streamed call with stop");
      expectStopped(context, toText(reading), toFinishReasons(reading)[0], stop);
    },
  },
]);

function skipIfRefused({ status, text }: WireAnswer, what: string): void {
  if (status === 400) throw new Skip(`${what} is refused: ${text.slice(0, 120)}`);
}

function expectStopped(context: CaseContext, text: unknown, finish: unknown, stop: string): void {
  if (context.has("fixture")) expectEqual(text, "word0 word1 word2 word", `the text before ${stop}`);
  const said = String(text);
  expectThat(!said.includes(stop), `a text without the stop sequence ${stop}`, said);
  if (!/two/i.test(said) && !context.has("fixture")) throw new Skip("the model did not say what it was asked to");
  expectThat(!/four|five/i.test(said), `no text after the stop sequence ${stop}`, said);
  expectEqual(finish, "stop", "finish_reason after a stop sequence");
}

function toFinish(completion: Record<string, unknown>): unknown {
  const { choices } = completion;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isObject(first) ? first["finish_reason"] : undefined;
}
