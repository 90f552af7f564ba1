// Three gateways on one PostgreSQL behind nginx, thirty SDK clients on ten sessions, and one misfortune after the other:
// `npm run history -- --rounds 200`. Says after each round what was lost, doubled, mixed or reordered: nothing.
// With `--without-fence` the gateways run without the check that a turn is written by whoever holds the session: then
// something is.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createRandom } from "../../conformance/judge/random.ts";
import type { Edit } from "../defence/break.ts";
import { createCopy } from "../defence/copy.ts";
import { audit } from "./audit.ts";
import { type History, runClient } from "./clients.ts";
import { type FaultName, faults, toFault } from "./faults.ts";
import { startFleet } from "./fleet.ts";

export interface HistoryOptions {
  readonly rounds: number;
  readonly clients: number;
  readonly replicas: number;
  readonly seed: string;
  /** Instead of what chance brings. */
  readonly faults?: readonly FaultName[];
  /** Changes in the sources of the gateways that are checked. */
  readonly edits?: readonly Edit[];
  /** Hears a line after each round. */
  readonly say: (line: string) => void;
}

/** A transcript that grows for ever would only measure itself. */
const epochRounds = 10;
const checkout = join(import.meta.dirname, "../..");

export async function checkHistory(options: HistoryOptions): Promise<History> {
  const { rounds, seed, say, edits = [] } = options;
  // Short: the name of a socket may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "hist-"));
  // The database is an ordinary user's.
  chmodSync(folder, 0o755);
  const copy = edits.length === 0 ? undefined : createCopy(checkout);
  copy?.change(edits);
  const history: History = { epoch: 0, acknowledged: [], asked: new Map(), kinds: new Map(), replayed: 0, faults: [] };
  const ended = new AbortController();
  const random = createRandom(seed);
  const fleet = await startFleet(folder, copy?.root ?? checkout, options.replicas);
  if (fleet.replicas.some(({ network }) => network === undefined))
    say(
      "*** no networks of their own here (they need Linux, iproute2 and root): the lines to the database are held instead",
    );
  try {
    const clients = Array.from({ length: options.clients }, (_, index) =>
      runClient(index, fleet.url, seed, history, ended.signal),
    );
    // One that fails ends the check.
    const failed = Promise.all(clients).then(() => undefined);
    failed.catch(() => ended.abort());
    for (let round = 1; round <= rounds && !ended.signal.aborted; round += 1) {
      await delay(500 + random() * 1_000);
      const name = options.faults?.[(round - 1) % options.faults.length] ?? toFault(round, random);
      const replica = fleet.replicas[Math.floor(random() * fleet.replicas.length)];
      if (replica === undefined) throw new Error("there are no replicas");
      await faults[name](fleet, replica);
      say(`round ${round}: ${name} (${replica.name}): ${history.acknowledged.length} acknowledged`);
      // Who has begun to say something in the epoch before may have it stored in this one.
      history.faults.push(...(await audit(fleet.databaseUrl, history, history.epoch - 1)));
      if (history.faults.length > 0) break;
      if (round % epochRounds === 0) history.epoch += 1;
    }
    ended.abort();
    await failed;
    if (history.faults.length === 0) history.faults.push(...(await audit(fleet.databaseUrl, history, 0)));
    return history;
  } finally {
    ended.abort();
    await fleet.stop();
    copy?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "20" },
      clients: { type: "string", default: "30" },
      replicas: { type: "string", default: "3" },
      seed: { type: "string", default: "clawgate" },
      "without-fence": { type: "boolean", default: false },
    },
  });
  for (const name of ["rounds", "clients", "replicas"] as const)
    if (!/^[1-9]\d{0,5}$/.test(values[name])) throw new Error(`--${name} must be a number from 1 on`);
  const { withoutFence } = await import("./without-fence.ts");
  const began = performance.now();
  const history = await checkHistory({
    rounds: Number(values.rounds),
    clients: Number(values.clients),
    replicas: Number(values.replicas),
    seed: values.seed,
    edits: values["without-fence"] ? withoutFence : [],
    say: (line) => console.log(line),
  });
  for (const fault of history.faults.slice(0, 50)) console.log(`FAULT ${fault}`);
  const byKind = [...history.kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
  console.log(
    `${((performance.now() - began) / 60_000).toFixed(1)} min: ` +
      `${history.acknowledged.length} turns acknowledged (${byKind}), ${history.replayed} answers given again, ` +
      `${history.faults.length} faults`,
  );
  process.exitCode = history.faults.length === 0 ? 0 : 1;
}
