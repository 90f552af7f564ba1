import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { DatabaseLine } from "./database-line.ts";
import type { Fleet, Replica } from "./fleet.ts";
import type { Loss } from "./own-network.ts";

/** Longer than a lease (15 s): what a holder does then that does not know how late it is must come to nothing. */
const beyondLeaseMs = 17_000;

/** What can happen to a fleet. Each resolves when it is over, and the fleet is whole again. */
export const faults = {
  async kill(_: Fleet, replica: Replica) {
    await replica.restart("SIGKILL");
  },
  async drain(_: Fleet, replica: Replica) {
    await replica.restart("SIGTERM");
  },
  async pause(_: Fleet, replica: Replica) {
    replica.signal("SIGSTOP");
    await delay(beyondLeaseMs);
    replica.signal("SIGCONT");
  },
  async blink(_: Fleet, replica: Replica) {
    replica.signal("SIGSTOP");
    await delay(1_500);
    replica.signal("SIGCONT");
  },
  async "cut the connections of one"(_: Fleet, replica: Replica) {
    replica.line.cut();
  },
  async "terminate all backends"({ databaseUrl }: Fleet) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    await client.end();
  },
  "hold the line to the database": (_: Fleet, { line }: Replica) => holdLine(line, 3_000),
  "hold the line to the database beyond the lease": (_: Fleet, { line }: Replica) => holdLine(line, beyondLeaseMs),
  "pause the network": (_: Fleet, replica: Replica) => pauseNetwork(replica, "everything", 3_000),
  "pause the network beyond the lease": (_: Fleet, replica: Replica) =>
    pauseNetwork(replica, "everything", beyondLeaseMs),
  /** What one says is heard, and no answer comes to it. */
  "lose what comes to one": (_: Fleet, replica: Replica) => pauseNetwork(replica, "what comes", 3_000),
  "lose what comes to one beyond the lease": (_: Fleet, replica: Replica) =>
    pauseNetwork(replica, "what comes", beyondLeaseMs),
  async "restart the database"(fleet: Fleet) {
    await fleet.restartDatabase();
  },
} satisfies Record<string, (fleet: Fleet, replica: Replica) => Promise<void>>;

async function holdLine(line: DatabaseLine, ms: number): Promise<void> {
  line.hold();
  await delay(ms);
  line.release();
}

/** Of a gateway without a network of its own, the line to the database is held. */
async function pauseNetwork({ network, line }: Replica, loss: Loss, ms: number): Promise<void> {
  if (network === undefined) return holdLine(line, ms);
  network.lose(loss);
  await delay(ms);
  network.restore();
}

export type FaultName = keyof typeof faults;

/** Those that take longer than a lease are rare, or nothing else would happen. */
const quick: readonly FaultName[] = [
  "kill",
  "kill",
  "drain",
  "blink",
  "cut the connections of one",
  "terminate all backends",
  "hold the line to the database",
  "pause the network",
  "lose what comes to one",
  "restart the database",
];
const slow: readonly FaultName[] = [
  "pause",
  "hold the line to the database beyond the lease",
  "pause the network beyond the lease",
  "lose what comes to one beyond the lease",
];
const slowEvery = 10;

/** Which fault a round has. */
export function toFault(round: number, random: () => number): FaultName {
  const choice = round % slowEvery === slowEvery - 1 ? slow : quick;
  return choice[Math.floor(random() * choice.length)] ?? "kill";
}
