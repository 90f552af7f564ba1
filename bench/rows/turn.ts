import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Row, startGateway, stopAll } from "../context.ts";
import { type Figure, median, shuffle } from "../figures.ts";
import { toCall } from "../load.ts";

const sessions = 64;
const body = JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "Go on." }] });
const toCalls = (round: number): string[] =>
  Array.from({ length: sessions }, (_, place) => {
    return toCall(body, { "x-openclaw-session-key": `bench-${round}-${place}` });
  });

/** Durable turns of 64 sessions at once, beside SQLite alone with one commit a turn. */
export const benchTurn: Row = async (context) => {
  const gateways = await Promise.all(context.candidates.map((candidate) => startGateway(context, candidate)));
  const turns = context.quick ? 2_000 : 4_000;
  const raw: number[] = [];
  const perGateway = gateways.map((subject) => ({ subject, speeds: [] as number[] }));
  const run = async (url: string, round: number): Promise<number> => {
    const started = performance.now();
    // Each connection takes whichever session is next: a session seldom has two turns at once.
    await context.client.run({ kind: "calls", url, calls: toCalls(round), count: turns, connections: sessions });
    return (turns / (performance.now() - started)) * 1000;
  };
  const script = join(import.meta.dirname, "../servers/commits.ts");
  const commit = (round: number): number =>
    Number(execFileSync(process.execPath, [script, join(context.folder, `raw-${round}.sqlite`), String(turns)]));
  try {
    for (const { subject } of perGateway)
      for (let warm = 0; warm < (context.quick ? 1 : 4); warm++) await run(subject.url, warm);
    for (let round = 10; round < (context.quick ? 13 : 17); round++) {
      raw.push(commit(round));
      for (const { subject, speeds } of shuffle(perGateway)) speeds.push(await run(subject.url, round));
    }
    return perGateway.map(({ subject, speeds }): Figure => ({
      row: "turn",
      subject: subject.name,
      what: `${sessions} sessions at once, median`,
      unit: "turns/s",
      value: median(speeds),
      against: median(raw),
      aim: "≥ 1.0",
      better: "higher",
      compared: true,
    }));
  } finally {
    await stopAll(gateways);
  }
};
