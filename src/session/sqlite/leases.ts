import type { DatabaseSync } from "node:sqlite";
import { leaseMsMax } from "../store.ts";
import type { Holder } from "./holder.ts";

/** The leases of one holder. Every function is a few statements inside the caller's transaction. */
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
  const forgetExpired = database.prepare(
    "DELETE FROM lease WHERE session_key = ? AND (expires_at <= ? OR expires_at > ?)",
  );
  const insert = database.prepare(
    "INSERT INTO lease (session_key, holder, expires_at) VALUES (?, ?, ?) ON CONFLICT (session_key) DO NOTHING RETURNING fence",
  );
  const extend = database.prepare("UPDATE lease SET expires_at = ? WHERE session_key = ? AND holder = ? AND fence = ?");
  const remove = database.prepare("DELETE FROM lease WHERE session_key = ? AND holder = ? AND fence = ?");

  const getHolder = database.prepare("SELECT holder FROM lease WHERE session_key = ?");
  const getHolders = database.prepare("SELECT DISTINCT holder FROM lease");
  const forgetHolder = database.prepare("DELETE FROM lease WHERE holder = ?");

  function insertLease(key: string, expiresAt: number): number | undefined {
    return insert.get(key, holder.name, expiresAt)?.["fence"] as number | undefined;
  }

  return {
    take(key, leaseMs) {
      const now = Date.now();
      forgetExpired.run(key, now, now + leaseMsMax);
      const fence = insertLease(key, now + leaseMs);
      if (fence !== undefined) return fence;
      const other = String(getHolder.get(key)?.["holder"]);
      if (!holder.isGone(other)) return undefined;
      forgetHolder.run(other);
      return insertLease(key, now + leaseMs);
    },
    renew: (key, fence, leaseMs) => extend.run(Date.now() + leaseMs, key, holder.name, fence).changes === 1,
    giveBack: (key, fence) => remove.run(key, holder.name, fence).changes === 1,
    forgetGone() {
      const holders = getHolders.all().map((row) => String(row["holder"]));
      for (const name of holders.filter((one) => holder.isGone(one))) forgetHolder.run(name);
    },
  };
}
