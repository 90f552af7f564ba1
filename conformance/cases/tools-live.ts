import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { Failure, Skip } from "../expect.ts";
import { samplesMax, seeEachTime } from "../judge/samples.ts";
import type { StreamReading } from "../lens/stream.ts";
import { isFinish } from "../self-test/edit.ts";
import { toChunkPieces } from "../self-test/edits/tools.ts";
import type { Change, Chunk, ProxiedCall } from "../self-test/mutant.ts";
import { countApart, expectStream, toTextTimes } from "./stream-reading.ts";
import { force, time, toGroups, toJoined, toPieces, toTool, weather } from "./tools-calls.ts";

const piecesMin = 3;
/** Shorter calls may be one piece for whoever reads them, however they were sent. */
const saidMsMin = 300;
const argumentKeys = /"arguments"\s*:\s*"(?!")/g;

const letter = toTool("write_letter", "Writes a letter.", { text: { type: "string" } });

interface Sample {
  readonly apart: number;
  /** How long the model must have taken to say the arguments. */
  readonly saidMs: number;
  readonly told: string;
}

export const toolLiveCases = defineCases([
  {
    id: "TOOL-26",
    level: "SHOULD",
    requirement:
      "The arguments of a tool call come in pieces while the model says them, and not in one piece at the end.",
    source:
      "theroyallab/tabbyAPI#460, ollama/ollama#13581, strands-agents/harness-sdk#3946: who shows a file while it is written shows nothing until it is complete",
    needs: ["tools"],
    limitMs: 60_000,
    finds: ["stream-in-one-piece"],
    faults: [
      {
        id: "calls-at-the-end",
        what: "Text is streamed, and calls are kept until the model has said its last word.",
        chunk: keepCalls(),
      },
    ],
    async run(context) {
      const collected = await seeEachTime(samplesMax, async () => {
        const sample = await (context.has("fixture") ? takeScripted(context) : take(context));
        return sample.apart >= piecesMin ? undefined : sample;
      });
      if (collected.length === 0) return;
      const samples = collected.filter(({ saidMs }) => saidMs >= saidMsMin);
      if (samples.length < samplesMax - 1)
        throw new Skip("the calls are too short, or come too fast, to see whether they are collected");
      throw new Failure(
        `arguments at ${piecesMin} or more different times`,
        `${samples.map(({ told }) => told).join("; ")}, in ${samples.length} answers`,
      );
    },
  },
]);

const thinkMs = 200;

/** Calls with known pauses between them. */
async function takeScripted({ stream, say }: CaseContext): Promise<Sample> {
  const calls = ['get_weather {"city":"Oslo"}', 'get_time {"zone":"Europe/Oslo"}', 'get_weather {"city":"Rome"}'];
  const script = calls.map((call) => `@@tool ${call}\n@@think ${thinkMs}ms`).join("\n");
  const reading = expectStream(await stream(say(script, { tools: [weather, time] })));
  return toSample(reading, calls.length * thinkMs);
}

/** One long call, which takes as long as the same model takes for as much text. */
async function take(context: CaseContext): Promise<Sample> {
  const msPerCharacter = await context.once("pace of text", () => seePace(context));
  const reading = expectStream(
    await context.stream(
      context.say("Write a letter of about two hundred words to a friend about the sea. Use the tool.", {
        tools: [letter],
        tool_choice: force("write_letter"),
      }),
    ),
  );
  const length = toGroups(toPieces(reading)).reduce((sum, group) => sum + toJoined(group).arguments.length, 0);
  return toSample(reading, length * msPerCharacter);
}

function toSample(reading: StreamReading, saidMs: number): Sample {
  const times = toTextTimes(reading, argumentKeys);
  const { endMs } = reading.answer;
  const apart = countApart(times);
  const told = `${apart} after ${Math.round(times[0] ?? endMs)} of ${Math.round(endMs)} ms, which took about ${Math.round(saidMs)} ms to say`;
  return { apart, saidMs, told };
}

/** A stream of text that is collected too has another cause, which SS-31 finds. */
async function seePace({ stream, say }: CaseContext): Promise<number> {
  const reading = expectStream(await stream(say("Count from one to sixty, in words.")));
  const times = toTextTimes(reading);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || countApart(times) < piecesMin)
    throw new Skip("text does not come in pieces either, so that the pace of the model cannot be seen");
  const characters = reading.answer.text.matchAll(/"content"\s*:\s*"([^"]*)"/g);
  return (last - first) / [...characters].reduce((sum, [, piece = ""]) => sum + piece.length, 0);
}

function keepCalls(): NonNullable<Change["chunk"]> {
  const kept = new WeakMap<ProxiedCall, Chunk[]>();
  return (chunk, _index, call) => {
    const held = kept.get(call) ?? [];
    if (toChunkPieces(chunk).length > 0) {
      kept.set(call, [...held, chunk]);
      return undefined;
    }
    return isFinish(chunk) ? [...held, chunk] : chunk;
  };
}
