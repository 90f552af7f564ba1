import { setTimeout as delay } from "node:timers/promises";
import { type Candidate, type Row, startGateway, startServer } from "../context.ts";
import { type Figure, median, shuffle } from "../figures.ts";
import { token } from "../load.ts";
import { readMemory, type Subject } from "../subject.ts";

const body = JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "hi" }] });

interface Starts {
  readonly candidate: Candidate | undefined;
  readonly seconds: number[];
  readonly resident: number[];
  readonly anonymous: number[];
}

/** From the start of the process to its first answered request, and what it holds idle; beside the bare server's. */
export const benchStart: Row = async (context) => {
  const all = [undefined, ...context.candidates].map((candidate): Starts => {
    return { candidate, seconds: [], resident: [], anonymous: [] };
  });
  // The first start of each fills the file cache and the code cache, and is dropped.
  for (let round = 0; round < (context.quick ? 4 : 10); round++) {
    for (const { candidate, seconds, resident, anonymous } of shuffle(all)) {
      const started = performance.now();
      const subject = await (candidate === undefined ? startServer("bare") : startGateway(context, candidate));
      await answer(subject);
      const took = (performance.now() - started) / 1000;
      await delay(300);
      const memory = readMemory(subject.pid);
      await subject.stop();
      if (round === 0) continue;
      seconds.push(took);
      resident.push(memory.residentMegabytes);
      anonymous.push(memory.anonymousMegabytes);
    }
  }
  const [bare, ...gateways] = all;
  const least = (values: readonly number[] = []): number => Math.min(...values);
  return gateways.flatMap(({ candidate, seconds, resident, anonymous }): Figure[] => {
    const shared = { row: "start", subject: candidate?.name ?? "", better: "lower", compared: true } as const;
    const limit = "≤ 0.25 s from a bundle, ≤ 0.33 s from a checkout";
    return [
      { ...shared, what: "first answer, min", unit: "s", value: least(seconds), against: least(bare?.seconds) },
      {
        ...shared,
        what: "first answer, median",
        unit: "s",
        value: median(seconds),
        against: median(bare?.seconds ?? []),
        aim: limit,
      },
      {
        ...shared,
        what: "idle, resident",
        unit: "MB",
        value: median(resident),
        against: median(bare?.resident ?? []),
        aim: "≤ 92 MB from a bundle",
      },
      {
        ...shared,
        what: "idle, anonymous",
        unit: "MB",
        value: median(anonymous),
        against: median(bare?.anonymous ?? []),
      },
    ];
  });
};

async function answer({ url }: Subject): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });
  await response.text();
}
