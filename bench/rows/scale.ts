import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programs, startServer } from "../../test/postgres-server.ts";
import { type Candidate, type Context, type Row, startGateway, stopAll } from "../context.ts";
import { type Figure, median, shuffle } from "../figures.ts";
import { startClient, toCall, type Client } from "../load.ts";
import { benchObservers } from "../observers.ts";
import { readCpu, readCpuOfAll, type Subject } from "../subject.ts";

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
 *
 * Two gateways at full speed need a core each, and more for the database and the clients. Whether two are worth it where these
 * are shows, on a machine with fewer, in what is measured besides: what a turn takes of the processors, in all gateways and
 * the database, which must not rise for there being two; and how many turns there are of a model that takes its time, so that
 * what bounds a gateway is how many runs it makes at once.
 */
export const benchScale: Row = async (context) => {
  if (programs === undefined) throw new Error("PostgreSQL is not installed, and the row scale measures it.");
  // Not below the run's own: the server runs as another user, who may not look in there.
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  const { server, url } = await startServer(folder, { durable: true });
  const ended = once(server, "exit");
  const [candidate] = context.candidates;
  if (candidate === undefined || server.pid === undefined) return [];
  const other = startClient();
  try {
    return [
      ...(await compareStores(context, candidate, { url, pid: server.pid, other })),
      ...(await benchObservers(context, candidate, url)),
    ];
  } finally {
    other.stop();
    server.kill("SIGQUIT");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Beside {
  readonly url: string;
  /** Of the database. */
  readonly pid: number;
  readonly other: Client;
}

async function compareStores(context: Context, candidate: Candidate, { url, pid, other }: Beside): Promise<Figure[]> {
  const store = { postgres: { url, schema: "gateways" } };
  const start = (name: string, options: object = {}): Promise<Subject> =>
    startGateway(context, { ...candidate, name }, options);
  const file = await start("file");
  // One after the other, since the first makes the schema.
  const [one, two] = [await start("postgres-1", { store }), await start("postgres-2", { store })];
  const slow = { store, runsMax: sessions, reply: ["delayMs: 250", "text: OK"] };
  const [slowOne, slowTwo] = [await start("slow-1", slow), await start("slow-2", slow)];
  const turns = context.quick ? 1_000 : 3_000;
  const rounds = context.quick ? 3 : 7;
  const found = new Map<string, number[]>();
  const note = (name: string, value: number): void => void found.set(name, [...(found.get(name) ?? []), value]);
  const run = (script: string, ...args: string[]): number =>
    Number(execFileSync(process.execPath, [join(import.meta.dirname, "../servers", script), ...args]));

  const clients = [context.client, other];
  /** How many turns all of these get through, each with a client of its own. */
  async function measureAll(name: string, gateways: readonly Subject[], count: number): Promise<number> {
    const speeds = await Promise.all(
      gateways.map((gateway, place) => measure(clients[place] ?? other, gateway, toCalls(`${name} ${place}`), count)),
    );
    return speeds.reduce((sum, speed) => sum + speed);
  }

  /** Notes besides what each turn took of the processors. */
  async function compareGateways(name: string, round: number, gateways: readonly Subject[]): Promise<void> {
    const readAll = (): number => gateways.reduce((sum, gateway) => sum + readCpu(gateway.pid), readCpuOfAll(pid));
    const before = readAll();
    note(name, await measureAll(`${name} ${round}`, gateways, turns));
    note(`${name} cost`, (readAll() - before) / turns / gateways.length);
  }

  try {
    for (const subject of [file, one, two]) await measure(context.client, subject, toCalls("warm"), turns);
    for (let round = 0; round < rounds; round++) {
      const calls = toCalls(String(round));
      const jobs: readonly (() => Promise<void>)[] = [
        async () => note("raw file", run("commits.ts", join(context.folder, `raw-${round}.sqlite`), String(turns))),
        async () => note("raw postgres", run("postgres-commits.ts", url, `raw_${round}`, String(turns))),
        async () => note("file", await measure(context.client, file, calls, turns)),
        () => compareGateways("full 1", round, [one]),
        () => compareGateways("full 2", round, [one, two]),
        // The same clients, of which half have to wait where there is one gateway.
        async () => note("slow 1", await measureAll(`slow 1 ${round}`, [slowOne, slowOne], sessions * 6)),
        async () => note("slow 2", await measureAll(`slow 2 ${round}`, [slowOne, slowTwo], sessions * 6)),
        async () => note("stateless file", await measure(context.client, file, stateless, turns)),
        async () => note("stateless postgres", await measure(context.client, one, stateless, turns)),
      ];
      for (const job of shuffle(jobs)) await job();
    }
  } finally {
    await stopAll([file, one, two, slowOne, slowTwo]);
  }
  return rows.map(([subject, what, value, against, aim]) => {
    const kind = value.endsWith("cost") ? ({ unit: "µs", better: "lower" } as const) : perSecond;
    const [own, beside] = [value, against].map((name) => median(found.get(name) ?? [])) as [number, number];
    return { row: "scale", subject, what, ...kind, value: own, against: beside, aim, compared: false };
  });
}

type ScaleRow = readonly [subject: string, what: string, value: string, against: string, aim: string];
const perSecond = { unit: "/s", better: "higher" } as const;

const rows: readonly ScaleRow[] = [
  ["SQLite", "turns of 64 sessions, beside plain commits", "file", "raw file", "≥ 0.8"],
  ["PostgreSQL", "turns of 64 sessions, beside plain commits", "full 1", "raw postgres", "≥ 0.6"],
  ["two gateways", "turns of 64 sessions each, beside one gateway", "full 2", "full 1", "≥ 1.7, with cores for all"],
  ["two gateways", "of 64 runs at once each, with a slow model", "slow 2", "slow 1", "≥ 1.7"],
  ["two gateways", "CPU of a turn, with the database's", "full 2 cost", "full 1 cost", "≤ 1.18, which is 2 / 1.7"],
  ["PostgreSQL", "calls without a session, beside SQLite", "stateless postgres", "stateless file", "1.0"],
];
