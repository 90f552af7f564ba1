import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat, Failure } from "../expect.ts";
import { mustRules } from "../lens/grammar.ts";
import { toFinishReasons, toText } from "../lens/stream.ts";
import type { ProxiedCall } from "../self-test/mutant.ts";
import { expectGrammar, expectRules, expectSdkReads, expectStream } from "./stream-reading.ts";

/** Between `[DONE]` and the end of the body. */
const openMsMax = 250;
const patienceMs = 1000;

export const streamEndCases = defineCases([
  {
    id: "SS-17",
    level: "MUST",
    requirement: "A stream ends with the event `data: [DONE]`, to the letter, and the empty line of an event.",
    source:
      "OpenAI's document: the streaming example of createChatCompletion; SDK 7 throws on `[DONE]` with a blank behind it, 4–7 on `[done]`",
    finds: ["last-empty-line-missing", "events-single-newline", "stream-answered-whole"],
    faults: [
      {
        id: "done-missing",
        what: "The stream ends without `[DONE]`, which the SDK forgives.",
        frame: (frame) => (isDone(frame) ? "" : frame),
      },
      {
        id: "done-in-lower-case",
        what: "The stream ends with `[done]`: a SyntaxError in every SDK.",
        frame: (frame) => frame.replace("[DONE]", "[done]"),
      },
      {
        id: "done-with-blank",
        what: "A blank follows `[DONE]`: SDK 7 throws.",
        frame: (frame) => frame.replace("[DONE]", "[DONE] "),
      },
      {
        id: "done-without-empty-line",
        what: "No empty line follows `[DONE]`, so that by the standard it is no event.",
        frame: (frame) => (isDone(frame) ? "data: [DONE]\n" : frame),
      },
    ],
    run: (context) => expectRules(context, "done"),
  },
  {
    id: "SS-18",
    level: "SHOULD",
    requirement: "There is one `[DONE]`, and nothing after it.",
    source: "SDK 7 stops reading at `[DONE]`, and 4–6 drop what follows it: whatever it is, it is lost",
    faults: [
      {
        id: "done-twice",
        what: "A proxy adds a `[DONE]` of its own.",
        frame: (frame) => (isDone(frame) ? frame + frame : frame),
      },
      {
        id: "usage-after-done",
        what: "A last chunk comes after `[DONE]`, where nobody reads it.",
        frame: (frame) => (isDone(frame) ? `${frame}data: {"object":"chat.completion.chunk","choices":[]}\n\n` : frame),
      },
    ],
    run: (context) => expectRules(context, "done-last"),
  },
  {
    id: "SS-19",
    level: "MUST",
    requirement: "The body ends as soon as `[DONE]` is sent.",
    source: "SDK 4 to 7.4 read to the end of the body: iteration goes on for as long as it is open",
    finds: ["done-missing"],
    faults: [
      {
        id: "body-open-after-done",
        what: "The body stays open for more than a second after its last event.",
        lingerMs: 1200,
      },
    ],
    async run(context) {
      const first = await measureEnd(context);
      // Once more, because a busy machine looks the same.
      const openMs = first <= openMsMax ? first : Math.min(first, await measureEnd(context));
      const actual = openMs < patienceMs ? `${Math.round(openMs)} ms` : `still open after ${patienceMs} ms`;
      expectThat(openMs <= openMsMax, `the end of the body within ${openMsMax} ms of [DONE]`, actual);
    },
  },
  {
    id: "SS-24",
    level: "MUST",
    needs: ["fixture"],
    requirement: "An answer without any text is a whole stream all the same: role, finish reason, `[DONE]`.",
    source: 'SDK 4–7: `.stream()` on `[DONE]` alone throws "request ended without sending any chunks"',
    finds: ["finish-missing", "finish-twice", "finish-eos", "finish-on-every-chunk", "role-missing"],
    faults: [
      {
        id: "silence-is-done-alone",
        what: 'A stream without text is `[DONE]` alone: `.stream()` throws "request ended without sending any chunks".',
        chunk: (chunk, _index, call) => (isSilent(call) ? undefined : chunk),
      },
    ],
    async run(context) {
      const body = context.say("@@echo");
      const reading = expectStream(await context.stream(body));
      expectGrammar(reading, {}, mustRules, "a stream without text");
      expectEqual(toText(reading), "", "the text");
      expectEqual(toFinishReasons(reading), ["stop"], "the finish reasons");
      const stream = context.sdk.helpers.stream(body, { signal: context.signal });
      const completion = await expectSdkReads(stream.finalChatCompletion(), "a stream without text");
      expectOneOf(completion.choices[0]?.message.content, ["", null], "the content that the SDK makes of it");
    },
  },
  {
    id: "SS-25",
    level: "SHOULD",
    needs: ["n"],
    requirement: "With `n: 2` both choices are streamed, each with its own role and finish reason.",
    source: "OpenAI's document: CreateChatCompletionRequest.n and CreateChatCompletionStreamResponse.choices[].index",
    async run(context) {
      const reading = expectStream(await context.stream(context.say("Say hi.", { n: 2 })), "a stream of two choices");
      expectGrammar(reading, { choices: 2 }, mustRules, "a stream of two choices");
    },
  },
]);

/** How long a body stays open behind `[DONE]`; it is given up after `patienceMs`. */
async function measureEnd({ stream, say, has, signal }: CaseContext): Promise<number> {
  const patience = new AbortController();
  let received = "";
  let doneMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onData = (text: string, atMs: number): void => {
    received += text;
    if (doneMs !== undefined || !received.includes("[DONE]")) return;
    doneMs = atMs;
    timer = setTimeout(() => patience.abort(), patienceMs);
  };
  try {
    const body = say(has("fixture") ? "@@words 3" : "Say hi.");
    const reading = await stream(body, { onData, signal: AbortSignal.any([signal, patience.signal]) });
    const { endMs, end } = expectStream(reading).answer;
    if (doneMs === undefined) throw new Failure("[DONE], and the end of the body", `no [DONE] (${end})`);
    return end === "complete" ? endMs - doneMs : Infinity;
  } catch (error) {
    if (patience.signal.aborted) return Infinity;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function isDone(frame: string): boolean {
  return frame.includes("data: [DONE]");
}

function isSilent({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["messages"]).includes('"@@echo"');
}
