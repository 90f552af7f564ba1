import type { DatabaseSync } from "node:sqlite";
import { leaseMsMax } from "../store.ts";
import type { Holder } from "./holder.ts";
import { openHostClock } from "./host-clock.ts";

/**
 * The leases of one holder. On one system they end by a clock that nobody sets; elsewhere, as on a disk that two machines
 * share, and for processes of earlier versions, by the time of day. Every function is a few statements inside the caller's
 * transaction.
 */
export interface Leases {
  /** The new fence, or undefined while another holder that is not gone has an unexpired lease on the session. */
  take(key: string, leaseMs: number): number | undefined;
  /** False if the lease is no longer this holder's. */
  renew(key: string, fence: number, leaseMs: number): boolean;
  /** False if the lease was no longer this holder's. */
  giveBack(key: string, fence: number): boolean;
  /** Frees whatever holders that are gone have left behind. */
  forgetGone(): void;
}

export function createLeases(database: DatabaseSync, holder: Holder): Leases {
  const clock = openHostClock();
  // A lease from further ahead than any can last is one from before the clock was set back.
  const forgetExpired = database.prepare(`
    DELETE FROM lease WHERE session_key = ? AND CASE WHEN clock = ?
      THEN clock_until <= ? OR clock_until > ?
      ELSE expires_at <= ? OR expires_at > ? END`);
  const insert = database.prepare(`
    INSERT INTO lease (session_key, holder, expires_at, clock, clock_until) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session_key) DO NOTHING RETURNING fence`);
  const extend = database.prepare(`
    UPDATE lease SET expires_at = ?, clock = ?, clock_until = ? WHERE session_key = ? AND holder = ? AND fence = ?`);
  const remove = database.prepare("DELETE FROM lease WHERE session_key = ? AND holder = ? AND fence = ?");

  const getHolder = database.prepare("SELECT holder FROM lease WHERE session_key = ?");
  const getHolders = database.prepare("SELECT DISTINCT holder FROM lease");
  const forgetHolder = database.prepare("DELETE FROM lease WHERE holder = ?");

  const toEnd = (leaseMs: number) => [Date.now() + leaseMs, clock.name, clock.now() + leaseMs] as const;

  function insertLease(key: string, leaseMs: number): number | undefined {
    return insert.get(key, holder.name, ...toEnd(leaseMs))?.["fence"] as number | undefined;
  }

  return {
    take(key, leaseMs) {
      const [now, since] = [Date.now(), clock.now()];
      forgetExpired.run(key, clock.name, since, since + leaseMsMax, now, now + leaseMsMax);
      const fence = insertLease(key, leaseMs);
      if (fence !== undefined) return fence;
      const other = String(getHolder.get(key)?.["holder"]);
      if (!holder.isGone(other)) return undefined;
      forgetHolder.run(other);
      return insertLease(key, leaseMs);
    },
    renew: (key, fence, leaseMs) => extend.run(...toEnd(leaseMs), key, holder.name, fence).changes === 1,
    giveBack: (key, fence) => remove.run(key, holder.name, fence).changes === 1,
    forgetGone() {
      const holders = getHolders.all().map((row) => String(row["holder"]));
      for (const name of holders.filter((one) => holder.isGone(one))) forgetHolder.run(name);
    },
  };
}
