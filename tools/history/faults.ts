import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Fleet, Replica } from "./fleet.ts";

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
  async "hold the network"(_: Fleet, replica: Replica) {
    replica.line.hold();
    await delay(3_000);
    replica.line.release();
  },
  async "hold the network beyond the lease"(_: Fleet, replica: Replica) {
    replica.line.hold();
    await delay(beyondLeaseMs);
    replica.line.release();
  },
  async "restart the database"(fleet: Fleet) {
    await fleet.restartDatabase();
  },
} satisfies Record<string, (fleet: Fleet, replica: Replica) => Promise<void>>;

export type FaultName = keyof typeof faults;

/** Those that take longer than a lease are rare, or nothing else would happen. */
const quick: readonly FaultName[] = [
  "kill",
  "kill",
  "drain",
  "blink",
  "cut the connections of one",
  "terminate all backends",
  "hold the network",
  "restart the database",
];
const slow: readonly FaultName[] = ["pause", "hold the network beyond the lease"];
const slowEvery = 10;

/** Which fault a round has. */
export function toFault(round: number, random: () => number): FaultName {
  const choice = round % slowEvery === slowEvery - 1 ? slow : quick;
  return choice[Math.floor(random() * choice.length)] ?? "kill";
}
