import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { eachMessage } from "../self-test/edit.ts";
import type { Change } from "../self-test/mutant.ts";
import { expectCancelled, expectLive, readQuietRuns } from "./abort-runs.ts";
import { toContent } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";

const endless = "@@words 400 delay=25ms";
const finishedStreams = 20;
const abortedStreams = 50;
const atOnce = 10;

/** Ends of connections that HTTP clients make, wanted or not. */
export const abortWireCases = defineCases([
  {
    id: "ABRT-06",
    level: "SHOULD",
    requirement:
      "A stream that was said to its end is not counted as cancelled, though the SDK closes the connection as soon as it has read `[DONE]`.",
    source: "The SDK from 7.5.0 (openai/openai-node#2317); a server then sees the close before its own end is written",
    needs: ["fixture"],
    alone: true,
    faults: [
      // First: the others leave runs behind, which end by themselves some seconds later.
      {
        id: "finished-counted-as-cancelled",
        what: "A stream whose client closes the connection at `[DONE]` is counted as cancelled.",
        ...countFinishedAsCancelled(),
      },
    ],
    async run(context) {
      const before = await readQuietRuns(context);
      const cancelledBefore = await readCancelledMetric(context);
      for (let at = 0; at < finishedStreams; at++) {
        const body = { ...context.say("@@words 3"), stream: true as const };
        const read = async (): Promise<number> => {
          const stream = await context.sdk.client.chat.completions.create(body, { signal: context.signal });
          return (await Array.fromAsync(stream)).length;
        };
        expectThat((await settle(read(), "a stream that the SDK reads to its end")) > 0, "chunks", 0);
      }
      const after = await readQuietRuns(context);
      expectEqual(after.cancelled - before.cancelled, 0, "the number of cancelled runs");
      expectEqual(after.live, before.live, "the number of live runs");
      expectThat(after.completed - before.completed >= finishedStreams, `${finishedStreams} completed runs`, after);
      expectEqual(await readCancelledMetric(context), cancelledBefore, "cancelled runs in the server's metrics");
    },
  },
  {
    id: "ABRT-07",
    level: "SHOULD",
    requirement: "After many aborted streams the server works on, and nothing of them is left.",
    source: "Leaked runs bill tokens and fill memory: ROCm/ATOM#1441, FlashML-org/FreeToken#222",
    needs: ["fixture"],
    alone: true,
    limitMs: 20_000,
    faults: [
      {
        id: "runs-on-after-many-aborts",
        what: "The same for fifty streams: runs pile up, ROCm/ATOM#1441.",
        deaf: true,
      },
    ],
    async run(context) {
      const before = await readQuietRuns(context);
      for (let at = 0; at < abortedStreams; at += atOnce)
        await Promise.all(Array.from({ length: atOnce }, () => abortAtFirstPiece(context)));
      await expectCancelled(context, before, abortedStreams);
      expectEqual(toContent(await context.chat(context.say("@@echo alive"))), "alive", "the next answer");
    },
  },
  {
    id: "ABRT-08",
    level: "SHOULD",
    requirement:
      "A connection that the client half-closes (FIN) brings the answer or ends the run; one that it resets (RST) ends the run.",
    source:
      "RFC 9293, sections 3.6 and 3.5.2; a FIN is also all that a server sees of a client that has left, so both readings are right",
    needs: ["fixture"],
    alone: true,
    finds: ["runs-on-without-client"],
    async run(context) {
      const before = await readQuietRuns(context);
      const half = await context.connect();
      half.write(toRequest(context, "@@think 1500ms\n@@echo patience", false));
      await expectLive(context, before, 1);
      half.finish();
      const text = await half.waitForEnd(5000).catch(() => half.received);
      half.close();
      const isAnswered = text.startsWith("HTTP/1.1 200") && text.includes("patience");
      context.note(isAnswered ? "a FIN still brings the answer" : "a FIN ends the run");
      if (!isAnswered) await expectCancelled(context, before);
      const middle = await readQuietRuns(context);
      const rude = await context.connect();
      rude.write(toRequest(context, endless, true));
      await rude.waitFor("word0", 3000);
      rude.reset();
      await expectCancelled(context, middle);
    },
  },
  {
    id: "ABRT-09",
    level: "SHOULD",
    requirement: "A client that leaves before the first byte of the answer stops the run too.",
    source:
      "Nothing has been written then that could fail: peonist-ai/halogen-flash-server#58, Open-Historia/open-historia#340",
    needs: ["fixture"],
    alone: true,
    finds: ["runs-on-without-client"],
    async run(context) {
      const before = await readQuietRuns(context);
      for (const [count, stream] of [true, false].entries()) {
        const left = new AbortController();
        const signal = AbortSignal.any([left.signal, context.signal]);
        const call = context.chat(context.say("@@delay 8s\n@@echo late", { stream }), { signal });
        const end = call.then(
          ({ status }) => `an answer with status ${status}`,
          () => "",
        );
        await expectLive(context, before, 1);
        left.abort();
        expectEqual(await end, "", "what came before the client left");
        await expectCancelled(context, before, count + 1);
      }
    },
  },
]);

function toRequest(context: CaseContext, text: string, stream: boolean): string {
  const body = JSON.stringify(context.say(text, { stream }));
  const lines = ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close"];
  return `${toHead(context.subject, "POST", "/chat/completions", lines)}${body}`;
}

async function abortAtFirstPiece(context: CaseContext): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, context.signal]);
  // A rejection is one of the ways in which an aborted call ends.
  await context.stream(context.say(endless), { signal, onData: () => left.abort() }).catch(() => undefined);
}

/** Runs that the server's own metrics call cancelled, where the host knows how to read them. */
async function readCancelledMetric({ send, subject }: CaseContext): Promise<number | undefined> {
  const read = async (path: string): Promise<string> =>
    (await send({ path: new URL(path, subject.baseUrl).href, method: "GET" })).text;
  return subject.countCancelled?.(read);
}

function countFinishedAsCancelled(): Pick<Change, "frame" | "json"> {
  let finished = 0;
  return {
    frame: (frame) => {
      if (frame.includes("[DONE]")) finished++;
      return frame;
    },
    json: (body) =>
      eachMessage(body, (message) => {
        const { content } = message;
        if (typeof content !== "string" || !content.includes('"cancelled"')) return message;
        const runs = JSON.parse(content) as { completed: number; cancelled: number };
        const counted = { completed: runs.completed - finished, cancelled: runs.cancelled + finished };
        return { ...message, content: JSON.stringify({ ...runs, ...counted }) };
      }),
  };
}
