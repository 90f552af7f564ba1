import { defineCases } from "../case.ts";
import { expectEqual, expectText, expectThat } from "../expect.ts";
import { toText } from "../lens/stream.ts";
import { eachDelta, eachMessage } from "../self-test/edit.ts";
import { expectStream } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";

const callsAtOnce = 20;
const fastCalls = 10;
const deltas = 10_000;
const numbers = Array.from({ length: callsAtOnce }, (_value, index) => index);

/** Many calls at once. */
export const concurrencyCases = defineCases([
  {
    id: "CONC-01",
    level: "MUST",
    requirement: "Calls that run at once get each its own answer, with an `id` that no other has.",
    source: "OpenAI's document: CreateChatCompletionResponse.id (a unique identifier)",
    needs: ["fixture"],
    finds: ["json-as-text-plain", "json-id-constant", "json-id-empty", "json-content-as-reasoning"],
    faults: [
      {
        id: "answers-mixed-up",
        what: "An answer holds the text of the one before.",
        json: mixAnswers(),
      },
    ],
    async run({ sdk, say, signal }) {
      const calls = numbers.map(async (number) => {
        const body = say(`@@think 20ms\n@@echo this is answer ${number}`);
        const answer = await sdk.client.chat.completions.create(body, { signal });
        return { id: answer.id, content: answer.choices[0]?.message.content };
      });
      const answers = await settle(Promise.all(calls), `${callsAtOnce} answers at once`);
      for (const [number, { id, content }] of answers.entries()) {
        expectEqual(content, `this is answer ${number}`, `the content of call ${number} of ${callsAtOnce}`);
        expectText(id, "id");
      }
      expectEqual(new Set(answers.map(({ id }) => id)).size, callsAtOnce, "the number of different ids");
    },
  },
  {
    id: "CONC-02",
    level: "MUST",
    requirement: "Streams that run at once do not mix: each has one `id` of its own and its own text.",
    source: "OpenAI's document: CreateChatCompletionStreamResponse.id (each chunk has the same ID)",
    needs: ["fixture"],
    finds: [
      "events-single-newline",
      "done-in-lower-case",
      "stream-answered-whole",
      "deltas-trimmed",
      "chunk-id-each",
      "chunk-id-missing",
      "chunk-message-for-delta",
      "delta-content-as-parts",
      "chunk-error-object",
    ],
    faults: [
      {
        id: "deltas-mixed-up",
        what: "A stream says the words of whichever stream came before.",
        chunk: mixDeltas(),
      },
      {
        id: "chunk-id-shared",
        what: "All streams have the same id.",
        chunk: (chunk) => ({ ...chunk, id: "chatcmpl-0" }),
      },
    ],
    async run({ sdk, say, signal }) {
      const streams = numbers.map(async (number) => {
        const text = Array.from({ length: 5 }, (_value, at) => `stream ${number} part ${at}`).join(", ");
        const body = { ...say(`@@echo ${text}\n@@words 3 delay=10ms`), stream: true as const };
        const stream = await sdk.client.chat.completions.create(body, { signal });
        const chunks = await Array.fromAsync(stream);
        const said = chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? "").join("");
        return { text: `${text}word0 word1 word2`, said, ids: [...new Set(chunks.map(({ id }) => id))] };
      });
      const read = await settle(Promise.all(streams), `${callsAtOnce} streams at once`);
      for (const { text, said, ids } of read) {
        expectEqual(said, text, "the text of a stream among others");
        expectThat(ids.length === 1, "one id in all chunks of a stream", ids);
      }
      expectEqual(new Set(read.flatMap(({ ids }) => ids)).size, callsAtOnce, "the number of different ids");
    },
  },
  {
    id: "CONC-03",
    level: "SHOULD",
    requirement: "A call whose model thinks long does not hold up the others.",
    source: "One agent run may take minutes; a server that works them off one by one looks dead meanwhile",
    needs: ["fixture"],
    alone: true,
    limitMs: 20_000,
    faults: [
      {
        id: "one-call-at-a-time",
        what: "Calls are worked off one by one, and a long one holds up all others.",
        serial: true,
      },
    ],
    async run({ chat, say, signal }) {
      const left = new AbortController();
      let ended = false;
      const slow = chat(say("@@think 6s\n@@echo slow"), { signal: AbortSignal.any([left.signal, signal]) }).then(
        () => (ended = true),
        () => undefined,
      );
      const started = performance.now();
      const calls = Array.from({ length: fastCalls }, () => chat(say("@@echo fast"), { limitMs: 8000 }));
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      const tookMs = Math.round(performance.now() - started);
      expectThat(!ended, "short calls answered while the long one runs", `they took ${tookMs} ms`);
      left.abort();
      await slow;
      expectThat(
        statuses.every((status) => status === 200),
        "status 200 for every short call",
        statuses,
      );
      expectThat(tookMs < 3000, `${fastCalls} short calls within 3 s`, `${tookMs} ms`);
    },
  },
  {
    id: "CONC-07",
    level: "SHOULD",
    requirement: "A stream of 10,000 deltas arrives whole and in order.",
    source: "WHATWG HTML, section 9.2.6: events are dispatched in the order in which they come",
    needs: ["fixture"],
    limitMs: 30_000,
    finds: ["events-single-newline", "done-missing", "chunk-error-object"],
    faults: [
      {
        id: "delta-lost",
        what: "A full buffer loses one delta of a long stream.",
        chunk: (chunk, index) => (index === 4096 ? undefined : chunk),
      },
    ],
    async run({ stream, say }) {
      const reading = await stream(say(`@@count ${deltas}`), { limitMs: 25_000 });
      expectStream(reading);
      expectEqual(reading.answer.end, "complete", "how the stream ends");
      const found = toText(reading).split(" ");
      const lost = found.findIndex((text, index) => text !== String(index));
      expectThat(lost < 0, "the numbers in order", found.slice(Math.max(0, lost - 2), lost + 3));
      expectEqual(found.length, deltas, "the number of numbers");
      expectThat(reading.doneLast, "[DONE] at the end", reading.answer.text.slice(-100));
    },
  },
]);

function mixAnswers(): (body: Record<string, unknown>) => unknown {
  let last: unknown = "";
  return (body) =>
    eachMessage(body, (message) => {
      const content = last;
      last = message["content"];
      return { ...message, content };
    });
}

function mixDeltas(): (chunk: Record<string, unknown>) => Record<string, unknown> {
  let last: unknown = "";
  return (chunk) =>
    eachDelta(chunk, (delta) => {
      if (!delta["content"]) return delta;
      const content = last;
      last = delta["content"];
      return { ...delta, content };
    });
}
