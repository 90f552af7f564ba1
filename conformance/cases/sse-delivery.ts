import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, Skip } from "../expect.ts";
import { toHead, type WireConnection } from "../lens/socket.ts";
import type { Change, ProxiedCall } from "../self-test/mutant.ts";
import { parseRawAnswer, valuesOf } from "./nonstream-framing.ts";
import { toBody, toContent } from "./nonstream-reading.ts";
import { countApart, expectStream, readPlainStream } from "./stream-reading.ts";

/** Some 20 MB as a stream: more than sockets and buffers on the way hold for a reader that takes nothing. */
const long = "@@count 100000";
const stoppedMsMax = 8000;
const othersMsMax = 2000;

export const sseDeliveryCases = defineCases([
  {
    id: "SE-11",
    level: "MUST",
    requirement: "A stream is not held back for compression, although clients say `accept-encoding: gzip, deflate`.",
    source: "SDK 4–7 send it with every request; blinkk/rootjs#1209, HKUDS/nanobot#3676 (middleware that compresses)",
    faults: [
      {
        id: "stream-held-for-gzip",
        what: "A stream is collected for a client that takes gzip, as by compression middleware: blinkk/rootjs#1209.",
        frame: collectForGzip(),
      },
    ],
    async run({ stream, say, has, note }) {
      const body = say(has("fixture") ? "@@words 8 delay=60ms" : "Count from one to twenty, in words.");
      const [plain, packed] = await Promise.all([
        stream(body),
        stream(body, { headers: { "accept-encoding": "gzip, deflate" } }),
      ]);
      const { answer } = expectStream(plain);
      const coding = packed.answer.headers["content-encoding"] ?? "identity";
      expectEqual(packed.answer.status, 200, "the status, with accept-encoding,");
      if (coding !== "identity") note(`the stream is sent as ${coding}`);
      const [without, held] = [answer, packed.answer].map(({ reads }) => countApart(reads.map(({ atMs }) => atMs)));
      if (without === undefined || held === undefined || without < 4) {
        if (coding === "identity") return;
        throw new Skip("the answer came too fast to see whether compression holds it back");
      }
      expectThat(
        held >= without / 2,
        `about ${without} pieces at different times, as without accept-encoding`,
        `${held}, content-encoding ${coding}`,
      );
    },
  },
  {
    id: "SE-12",
    level: "SHOULD",
    requirement: "A stream has no `content-length`; it is chunked on HTTP/1.1, and on HTTP/1.0 the connection ends it.",
    source: "RFC 9112, sections 6.1 and 6.3: a length would have to be known before the first word, 1.0 has no chunks",
    faults: [
      {
        id: "stream-with-length",
        what: "A stream has a guessed `content-length`.",
        streamHeaders: (headers) => ({ ...headers, "content-length": "100000" }),
      },
      {
        id: "chunks-on-http-1-0",
        what: "A stream is chunked although the request was HTTP/1.0.",
        streamHeaders: (headers) => ({ ...headers, "transfer-encoding": "chunked" }),
      },
    ],
    async run(context) {
      const { headers } = (await readPlainStream(context)).answer;
      expectEqual(headers["content-length"], undefined, "content-length");
      const isFramed = /\bchunked\b/i.test(headers["transfer-encoding"] ?? "") || headers["connection"] === "close";
      expectThat(isFramed, "transfer-encoding: chunked, or connection: close", "neither");

      const { connect, subject, say, has, note } = context;
      const body = JSON.stringify({ ...say(has("fixture") ? "@@words 3" : "Say hi."), stream: true });
      const lines = ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`];
      const connection = await connect();
      try {
        const head = toHead(subject, "POST", "/chat/completions", lines).replace(" HTTP/1.1\r\n", " HTTP/1.0\r\n");
        connection.write(head + body);
        await connection.waitForEnd(8000 * connection.patience).catch(() => undefined);
        const answer = parseRawAnswer(connection.received);
        if (answer?.status !== 200)
          return note(`a stream over HTTP/1.0 is answered with ${answer?.status ?? "nothing"}`);
        expectEqual(valuesOf(answer, "transfer-encoding"), [], "transfer-encoding on HTTP/1.0");
        expectThat(connection.closed, "the connection to end with the stream on HTTP/1.0", "it stays open");
        expectThat(/^data: ?\[DONE\]\r?$/m.test(answer.body), "a whole stream on HTTP/1.0", answer.body.slice(-80));
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "SE-14",
    level: "SHOULD",
    needs: ["fixture"],
    alone: true,
    limitMs: 25_000,
    requirement: "A reader that stops stops its own run, and neither fills the memory nor holds up the others.",
    source: "Node's documentation: Backpressuring in Streams; one stalled tab must not take a server down",
    async run(context) {
      const takesMs = await measureLong(context);
      if (takesMs > stoppedMsMax / 2) throw new Skip("the subject is too slow to see whether a run waits");
      const stoppedMs = Math.max(1500, takesMs * 2);
      const connection = await askForLong(context);
      try {
        const begun = await connection.waitFor(/\r\n\r\n[^]/);
        expectThat(/^HTTP\/1\.[01] 200 /.test(begun), "a stream", begun);
        connection.pause();
        const stoppedAt = performance.now();
        for (let call = 0; performance.now() - stoppedAt < stoppedMs; call++) await expectUnaffected(context, call % 3);
      } finally {
        connection.close();
      }
    },
  },
]);

async function askForLong({ connect, subject, say }: CaseContext): Promise<WireConnection> {
  const body = JSON.stringify({ ...say(long), stream: true });
  const lines = ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close"];
  const connection = await connect();
  connection.write(toHead(subject, "POST", "/chat/completions", lines) + body);
  return connection;
}

/** How long the stream takes when it is read, in milliseconds. */
async function measureLong(context: CaseContext): Promise<number> {
  const started = performance.now();
  const connection = await askForLong(context);
  try {
    await connection.waitForEnd(stoppedMsMax).catch(() => undefined);
    return performance.now() - started;
  } finally {
    connection.close();
  }
}

/** While one reader has stopped, others are answered, and the run that it has left waits for it. */
async function expectUnaffected({ chat, say }: CaseContext, call: number): Promise<void> {
  const answer = await chat(say(`@@words 3 delay=60ms\n@@echo ${call}`));
  expectEqual(toContent(toBody(answer)), `word0 word1 word2${call}`, "the answer to another call");
  const { endMs } = answer;
  expectThat(endMs < othersMsMax, `other calls answered within ${othersMsMax} ms`, `${Math.round(endMs)} ms`);
  const { live } = JSON.parse(String(toContent(toBody(await chat(say("@@runs")))))) as { live: unknown };
  expectThat(
    typeof live === "number" && live > 0,
    "the run of the reader that has stopped to wait for it",
    `${String(live)} live runs: all that it would have read is kept in memory`,
  );
}

function collectForGzip(): NonNullable<Change["frame"]> {
  const kept = new WeakMap<ProxiedCall, string>();
  return (frame, call) => {
    if (!String(call.headers["accept-encoding"]).includes("gzip")) return frame;
    const collected = (kept.get(call) ?? "") + frame;
    kept.set(call, collected);
    return frame.includes("[DONE]") ? collected : "";
  };
}
