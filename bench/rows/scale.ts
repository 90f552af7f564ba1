import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programs, startServer } from "../../test/postgres-server.ts";
import { type Candidate, type Context, type Row, startGateway, stopAll } from "../context.ts";
import { type Figure, median, shuffle } from "../figures.ts";
import { startClient, toCall, type Client } from "../load.ts";
import type { Subject } from "../subject.ts";

const sessions = 64;
const body = JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "Go on." }] });
const stateless = [toCall(body)];
const toCalls = (name: string): string[] =>
  Array.from({ length: sessions }, (_, place) => toCall(body, { "x-openclaw-session-key": `${name}-${place}` }));

/** How many of these a second one client gets through. */
async function measure(client: Client, { url }: Subject, calls: readonly string[], count: number): Promise<number> {
  const started = performance.now();
  await client.run({ kind: "calls", url, calls, count, connections: sessions });
  return (count / (performance.now() - started)) * 1000;
}

/**
 * Durable turns of 64 sessions at once with both stores, each beside plain commits of the same rows; two gateways on one
 * database beside one; and calls without a session, for which the store should make no difference.
 */
export const benchScale: Row = async (context) => {
  if (programs === undefined) throw new Error("PostgreSQL is not installed, and the row scale measures it.");
  // Not below the run's own: the server runs as another user, who may not look in there.
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  const { server, url } = await startServer(folder, { durable: true });
  const ended = once(server, "exit");
  const [candidate] = context.candidates;
  if (candidate === undefined) return [];
  const other = startClient();
  try {
    return await compareStores(context, candidate, { url, other });
  } finally {
    other.stop();
    server.kill("SIGQUIT");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Beside {
  readonly url: string;
  readonly other: Client;
}

async function compareStores(context: Context, candidate: Candidate, { url, other }: Beside): Promise<Figure[]> {
  const store = { postgres: { url, schema: "gateways" } };
  const start = (name: string, options: object = {}): Promise<Subject> =>
    startGateway(context, { ...candidate, name }, options);
  const file = await start("file");
  // One after the other, since the first makes the schema.
  const [one, two] = [await start("postgres-1", { store }), await start("postgres-2", { store })];
  const turns = context.quick ? 1_000 : 3_000;
  const rounds = context.quick ? 3 : 7;
  const speeds = new Map<string, number[]>();
  const note = (name: string, speed: number): void => void speeds.set(name, [...(speeds.get(name) ?? []), speed]);
  const run = (script: string, ...args: string[]): number =>
    Number(execFileSync(process.execPath, [join(import.meta.dirname, "../servers", script), ...args]));

  try {
    for (const subject of [file, one, two]) await measure(context.client, subject, toCalls("warm"), turns);
    for (let round = 0; round < rounds; round++) {
      const calls = toCalls(String(round));
      const jobs: readonly (() => Promise<void>)[] = [
        async () => note("raw file", run("commits.ts", join(context.folder, `raw-${round}.sqlite`), String(turns))),
        async () => note("raw postgres", run("postgres-commits.ts", url, `raw_${round}`, String(turns))),
        async () => note("file", await measure(context.client, file, calls, turns)),
        async () => note("postgres", await measure(context.client, one, calls, turns)),
        async () => {
          const both = [
            measure(context.client, one, calls, turns),
            measure(other, two, toCalls(`other ${round}`), turns),
          ];
          note(
            "two",
            (await Promise.all(both)).reduce((sum, speed) => sum + speed),
          );
        },
        async () => note("stateless file", await measure(context.client, file, stateless, turns)),
        async () => note("stateless postgres", await measure(context.client, one, stateless, turns)),
      ];
      for (const job of shuffle(jobs)) await job();
    }
  } finally {
    await stopAll([file, one, two]);
  }
  const of = (name: string): number => median(speeds.get(name) ?? []);
  const rows: readonly [subject: string, what: string, value: string, against: string, aim: string][] = [
    ["SQLite", "turns of 64 sessions, beside plain commits", "file", "raw file", "≥ 0.8"],
    ["PostgreSQL", "turns of 64 sessions, beside plain commits", "postgres", "raw postgres", "≥ 0.6"],
    ["two gateways", "turns of 64 sessions each, beside one gateway", "two", "postgres", "≥ 1.7, with cores for all"],
    ["PostgreSQL", "calls without a session, beside SQLite", "stateless postgres", "stateless file", "1.0"],
  ];
  return rows.map(([subject, what, value, against, aim]) => ({
    row: "scale",
    subject,
    what,
    unit: "/s",
    value: of(value),
    against: of(against),
    aim,
    better: "higher",
    compared: false,
  }));
}
