import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { Failure, Skip } from "../expect.ts";
import { samplesMax, seeEachTime } from "../judge/samples.ts";
import { countApart, expectStream, toTextTimes } from "./stream-reading.ts";

/** Shorter ones may be one piece for whoever reads them, however they were sent. */
const seenMsMin = 500;
const seenCharactersMin = 60;
const piecesMin = 3;
/** Whoever thinks aloud is heard, too. */
const heardKeys = /"(?:content|reasoning|reasoning_content)"\s*:\s*"(?!")/g;

interface Sample {
  readonly firstMs: number;
  readonly endMs: number;
  readonly apart: number;
  readonly characters: number;
}

export const streamLiveCases = defineCases([
  {
    id: "SS-31",
    level: "SHOULD",
    requirement: "A stream that takes its time comes in pieces while it does, and not in one piece at its end.",
    source:
      "seaavey/SRouter#104, LostRuins/koboldcpp#1168, HKUDS/nanobot#3676: a person looks at an empty page until the answer is complete",
    limitMs: 60_000,
    faults: [
      {
        id: "stream-in-one-piece",
        what: "The whole stream is sent when the model has said its last word.",
        buffered: true,
      },
    ],
    async run(context) {
      const collected = await seeEachTime(samplesMax, async () => {
        const sample = await take(context);
        return sample.apart >= piecesMin ? undefined : sample;
      });
      if (collected.length === 0) return;
      const seen = collected.filter(({ endMs, characters }) => endMs >= seenMsMin && characters >= seenCharactersMin);
      if (seen.length < samplesMax - 1)
        throw new Skip("the answers are too short, or come too fast, to see whether they are collected");
      const told = seen.map(
        ({ firstMs, endMs, apart }) => `${apart} after ${Math.round(firstMs)} of ${Math.round(endMs)} ms`,
      );
      throw new Failure(
        `at least ${piecesMin} pieces at different times`,
        `${told.join("; ")}, in ${seen.length} answers`,
      );
    },
  },
]);

async function take({ stream, say, has }: CaseContext): Promise<Sample> {
  const question = has("fixture") ? "@@words 20 delay=40ms" : "Count from one to forty, in words.";
  const reading = expectStream(await stream(say(question)));
  const times = toTextTimes(reading, heardKeys);
  const { endMs, text } = reading.answer;
  const heard = [...text.matchAll(/"content"\s*:\s*"([^"]*)"/g)].map(([, piece = ""]) => piece);
  return { firstMs: times[0] ?? endMs, endMs, apart: countApart(times), characters: heard.join("").length };
}
