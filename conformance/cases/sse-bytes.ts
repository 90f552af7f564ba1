import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, Failure, show, Skip } from "../expect.ts";
import { mustRules } from "../lens/grammar.ts";
import { type StreamReading, toDeltas, toText } from "../lens/stream.ts";
import { eachDelta, toDeltas as toChunkDeltas } from "../self-test/edit.ts";
import { replay, toCuts } from "./sse-replay.ts";
import { expectGrammar, expectStream } from "./stream-reading.ts";

/** What a 64-KiB line buffer holds. */
const lineMax = 65_536;

/** Two, three and four bytes a character, and emoji of several code points, next to each other. */
const wideText = "é漢字🌍👩‍👩‍👧‍👦🏳️‍🌈 ünïcödé かな한국어 🎉🎊 ".repeat(3).trimEnd();
const bigLength = 1024 * 1024;
/** More would only cost time: the cuts are where decoders go wrong. */
const cutsMax = 300;

export const sseByteCases = defineCases([
  {
    id: "SE-04",
    level: "MUST",
    requirement: "Every line of a stream is valid UTF-8 by itself, and no character is replaced by U+FFFD.",
    source:
      "WHATWG HTML, section 9.2.5: event streams are UTF-8; danielmiessler/Fabric#2203, anomalyco/opencode#39694, BerriAI/litellm#18842, mudler/LocalAI#981",
    faults: [
      {
        id: "characters-cut",
        what: "Bytes are decoded piece by piece, and emoji become U+FFFD: danielmiessler/Fabric#2203.",
        frame: (frame) => frame.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "\uFFFD\uFFFD"),
      },
    ],
    async run(context) {
      const reading = await readWide(context);
      const decoder = new TextDecoder("utf-8", { fatal: true });
      for (const line of toByteLines(reading.answer.body)) {
        try {
          decoder.decode(line);
        } catch {
          throw new Failure("lines of valid UTF-8", `bytes that are none in ${show(line.toString("utf8"))}`);
        }
      }
      const text = toText(reading);
      expectThat(!text.includes("\uFFFD"), "no replacement character in the text", text);
      if (context.has("fixture")) expectEqual(text, wideText, "the joined deltas");
    },
  },
  {
    id: "SE-05",
    level: "SHOULD",
    requirement: "A character of two UTF-16 units is never split over two deltas.",
    source: "mattn/tensai#110, ggml-org/llama.cpp#28926: half a pair cannot be shown or stored",
    faults: [
      {
        id: "pairs-split",
        what: "A delta ends with half of a surrogate pair: ggml-org/llama.cpp#28926.",
        chunk: (chunk) => {
          const text = toChunkDeltas(chunk)[0]?.["content"];
          const at = typeof text === "string" ? text.search(/[\u{10000}-\u{10FFFF}]/u) + 1 : 0;
          if (typeof text !== "string" || at === 0) return chunk;
          return [text.slice(0, at), text.slice(at)].map((content) => eachDelta(chunk, () => ({ content })));
        },
      },
    ],
    async run(context) {
      const deltas = toDeltas(await readWide(context)).map(({ content }) => content);
      const half = deltas.find((content) => typeof content === "string" && !content.isWellFormed());
      expectThat(half === undefined, "deltas of whole characters", half);
    },
  },
  {
    id: "SE-13",
    level: "MUST",
    needs: ["fixture"],
    limitMs: 20_000,
    requirement: "A delta of 1 MiB arrives whole.",
    source: "SDK 4–7 read events of any size; a proxy or framework with a limit on lines cuts tool arguments",
    finds: ["chunk-message-for-delta", "delta-content-as-parts"],
    faults: [
      {
        id: "long-lines-dropped",
        what: "An event that does not fit a buffer of 64 KiB is dropped.",
        frame: (frame) => (frame.length > lineMax ? "" : frame),
      },
      {
        id: "long-text-cut",
        what: "A delta is cut at 64 KiB.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            typeof delta["content"] === "string" ? { ...delta, content: delta["content"].slice(0, lineMax) } : delta,
          ),
      },
    ],
    async run(context) {
      const body = context.say(`@@repeat ${bigLength} x`);
      const text = toText(expectStream(await context.stream(body, { limitMs: 15_000 })));
      expectThat(text === "x".repeat(bigLength), `${bigLength} times x`, `${text.length} characters, ${show(text)}`);
    },
  },
  {
    id: "SE-15",
    level: "DOC",
    limitMs: 20_000,
    requirement: "A stream follows the whole grammar of streams, and reads the same wherever its bytes are cut.",
    source:
      "WHATWG HTML, section 9.2.6, and OpenAI's document: CreateChatCompletionStreamResponse; networks cut where they like, the SDK (newest) must not care",
    finds: [
      "events-single-newline",
      "keep-alive-empty-data",
      "keep-alive-comment-as-data",
      "finish-missing",
      "finish-twice",
      "finish-empty-until-end",
      "finish-before-last-words",
      "finish-on-every-chunk",
      "done-missing",
      "done-in-lower-case",
      "done-without-empty-line",
      "done-twice",
      "usage-after-done",
      "stream-answered-whole",
      "first-event-null",
      "first-event-ping",
      "chunk-object-of-whole",
      "chunk-id-each",
      "usage-chunk-without-id",
      "chunk-created-each",
      "usage-chunk-without-choices",
      "finish-delta-null",
      "finish-delta-missing",
      "finish-key-missing",
      "role-missing",
      "chunk-error-object",
      "usage-ignored-in-streams",
      "usage-on-finish",
      "usage-then-null",
    ],
    async run(context) {
      const { reading, usage } = await readReplayable(context);
      expectGrammar(reading, { usage }, mustRules);
      const bytes = reading.answer.body;
      const want = reading.chunks.map((chunk) => JSON.stringify(chunk));
      const expectSame = async (pieces: readonly Uint8Array[], how: string): Promise<void> => {
        const expected = `the SDK to read the ${want.length} chunks of the stream, its bytes ${how}`;
        const chunks = await replay(context, reading.answer, pieces).catch((error: unknown) => {
          throw new Failure(expected, show(error));
        });
        const other = chunks.findIndex((chunk, place) => JSON.stringify(chunk) !== want[place]);
        expectThat(other === -1, expected, `chunk ${other + 1} is ${show(chunks[other])}, not ${want[other]}`);
        expectThat(chunks.length === want.length, expected, `${chunks.length} chunks`);
      };
      await expectSame([bytes], "in one piece");
      await expectSame(
        Array.from(bytes.keys(), (at) => bytes.subarray(at, at + 1)),
        "one by one",
      );
      for (const at of toCuts(bytes, cutsMax)) {
        await expectSame([bytes.subarray(0, at), bytes.subarray(at)], `cut after ${at} of ${bytes.length}`);
      }
    },
  },
]);

/** A stream with characters of many bytes, as far as the subject can be made to send one. */
async function readWide({ stream, say, has }: CaseContext): Promise<StreamReading> {
  const text = has("fixture") ? `@@echo ${wideText}` : "Repeat, with nothing else: 漢字 🌍 👩‍👩‍👧 é";
  const reading = expectStream(await stream(say(text)));
  if (/^[\0-\x7f]*$/.test(toText(reading))) throw new Skip("the answer has no character beyond ASCII");
  return reading;
}

/** With usage, unless the subject refuses that. */
async function readReplayable(context: CaseContext): Promise<{ reading: StreamReading; usage: boolean }> {
  const { stream, say, has, plainStream } = context;
  const options = { stream_options: { include_usage: true } };
  const withUsage = has("fixture")
    ? await stream(say("@@echo é漢🌍 and\u2028so", options))
    : await plainStream({ usage: true });
  if (withUsage.answer.status === 200) return { reading: expectStream(withUsage), usage: true };
  return { reading: expectStream(await plainStream()), usage: false };
}

function toByteLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue;
    lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return lines;
}
