import { type Row, startGateway, startServer, stopAll } from "../context.ts";
import type { Figure } from "../figures.ts";
import { toCall } from "../load.ts";
import { collectable, readMemory } from "../subject.ts";

const toBody = (model: string): string =>
  JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Go on." }] });

/** What an open stream holds after a collection: heap, and the process's anonymous memory. */
export const benchMemory: Row = async (context) => {
  const streams = context.quick ? 200 : 1_000;
  const upstream = await startServer("upstream");
  // A thousand that come at once are a crowd, of which it would refuse some.
  const patience = { runsMax: streams, loopDelayMs: 0 };
  const options = { upstream, models: ["hold", "whole"], flags: collectable, ...patience };
  const figures: Figure[] = [];
  const running = [upstream];
  try {
    for (const candidate of context.candidates) {
      const subject = await startGateway(context, candidate, options);
      running.push(subject);
      const { url } = subject;
      const look = async (): Promise<{ heap: number; anonymous: number }> => {
        return { heap: await subject.readHeap(), anonymous: readMemory(subject.pid).anonymousMegabytes };
      };
      // The first calls compile the code and fill the caches, which are no stream's.
      const whole = [toCall(toBody("openclaw/whole"))];
      await context.client.run({ kind: "calls", url, calls: whole, count: 2_000, connections: 16 });
      const before = await look();
      await context.client.run({ kind: "open", url, calls: [toCall(toBody("openclaw/hold"))], streams });
      const open = await look();
      await context.client.run({ kind: "close" });
      await subject.stop();
      const shared = { row: "memory", subject: subject.name, unit: "KB", better: "lower", compared: false } as const;
      const heap = (open.heap - before.heap) / 1024 / streams;
      const anonymous = ((open.anonymous - before.anonymous) * 1024) / streams;
      figures.push(
        { ...shared, what: `heap of an open stream, ${streams} open`, value: heap, aim: "≤ 40 (aim 30)" },
        { ...shared, what: "anonymous memory of an open stream", value: anonymous },
      );
    }
    return figures;
  } finally {
    await stopAll(running);
  }
};
