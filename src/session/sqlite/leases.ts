import type { DatabaseSync } from "node:sqlite";
import { leaseMsMax } from "../store.ts";

/** The leases of one holder. Every function is one or two statements inside the caller's transaction. */
export interface Leases {
  /** The new fence, or undefined while another lease on the session is unexpired. */
  take(key: string, leaseMs: number): number | undefined;
  /** False if the lease is no longer this holder's. */
  renew(key: string, fence: number, leaseMs: number): boolean;
  /** False if the lease was no longer this holder's. */
  giveBack(key: string, fence: number): boolean;
}

export function createLeases(database: DatabaseSync, holder: string): Leases {
  const forgetExpired = database.prepare(
    "DELETE FROM lease WHERE session_key = ? AND (expires_at <= ? OR expires_at > ?)",
  );
  const insert = database.prepare(
    "INSERT INTO lease (session_key, holder, expires_at) VALUES (?, ?, ?) ON CONFLICT (session_key) DO NOTHING RETURNING fence",
  );
  const extend = database.prepare("UPDATE lease SET expires_at = ? WHERE session_key = ? AND holder = ? AND fence = ?");
  const remove = database.prepare("DELETE FROM lease WHERE session_key = ? AND holder = ? AND fence = ?");

  return {
    take(key, leaseMs) {
      const now = Date.now();
      forgetExpired.run(key, now, now + leaseMsMax);
      return insert.get(key, holder, now + leaseMs)?.["fence"] as number | undefined;
    },
    renew: (key, fence, leaseMs) => extend.run(Date.now() + leaseMs, key, holder, fence).changes === 1,
    giveBack: (key, fence) => remove.run(key, holder, fence).changes === 1,
  };
}
