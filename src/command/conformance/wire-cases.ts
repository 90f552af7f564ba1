import {
  defineCases,
  expectEqual,
  expectStatus,
  expectText,
  readStream,
  expectThat,
  sendOwn,
  type CaseContext,
  type StreamReading,
} from "@clawgate/conformance";
import { toGateway, withGateway } from "./with-gateway.ts";

/** How often the gateway of SE-08 is told to show life. */
const intervalMs = 200;
const gapMsMax = 3 * intervalMs;

/** What this gateway writes beyond what a client of any such gateway relies on. */
export const wireCases = defineCases([
  {
    id: "HDR-09",
    level: "EXT",
    requirement:
      "Answers name the agent in `x-openclaw-agent-id` and the session in `x-openclaw-session-key`, in both modes.",
    source: "Gateway profile: without them a client cannot tell which conversation it has continued.",
    needs: ["agents"],
    async run(context) {
      const key = `conformance-${Math.floor(context.random() * 1e12)}`;
      const headers = { "x-openclaw-agent-id": "beta", "x-openclaw-session-key": key };
      const named = await context.chat(context.say("@@echo ok"), { headers });
      const { answer: streamed } = await context.stream(context.say("@@echo ok"), { headers });
      for (const [what, answer] of [
        ["a completion", named],
        ["a stream", streamed],
      ] as const) {
        expectStatus(answer, [200], what);
        expectEqual(answer.headers["x-openclaw-agent-id"], "beta", `x-openclaw-agent-id of ${what}`);
        expectEqual(answer.headers["x-openclaw-session-key"], `agent:beta:${key}`, `x-openclaw-session-key of ${what}`);
      }
      const plain = await context.plain();
      expectEqual(plain.headers["x-openclaw-agent-id"], "main", "x-openclaw-agent-id of a call that names none");
      expectText(plain.headers["x-openclaw-session-key"], "x-openclaw-session-key of a call that names none");
    },
  },
  {
    id: "SE-08",
    level: "SHOULD",
    needs: ["fixture", "own"],
    limitMs: 20_000,
    requirement: "A stream is never silent for longer than the interval at which it is to show life.",
    source:
      "Proxies close a silent connection after 30 to 100 s, Node's fetch a silent body after 300 s; Menci/Floway#498",
    async run(context) {
      const first = toLongestGap(await readSilence(context));
      // Timers are late on a busy machine, but hardly twice by several intervals.
      const longest = first <= gapMsMax ? first : Math.min(first, toLongestGap(await readSilence(context)));
      expectThat(
        longest <= gapMsMax,
        `a sign of life every ${intervalMs} ms, as configured`,
        `${Math.round(longest)} ms without`,
      );
    },
  },
]);

function toLongestGap({ answer: { reads } }: StreamReading): number {
  return Math.max(...reads.map(({ atMs }, place) => atMs - (reads[place - 1]?.atMs ?? atMs)));
}

/** A stream that is silent for more than a second, though it shows life every `intervalMs`. */
function readSilence(context: CaseContext): Promise<StreamReading> {
  const config = { gateway: toGateway({}, { keepAlive: { form: "comment", intervalMs } }) };
  return withGateway(context, config, async (own) => {
    const body = { ...context.say("@@think 1200ms\n@@echo done"), stream: true };
    const answer = await sendOwn(context, own, { body });
    expectStatus(answer, [200], "a stream with a silence");
    return readStream(answer);
  });
}
