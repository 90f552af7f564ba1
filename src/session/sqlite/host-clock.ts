import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A clock that nobody sets, and that the processes of one running system have in common. */
export interface HostClock {
  /** Times of clocks with other names say nothing here: of other machines, and of this one before it was started anew. */
  readonly name: string;
  /** In milliseconds. */
  now(): number;
}

export function openHostClock(): HostClock {
  // What it shows is the time since the system started, on each platform that Node runs on.
  return { name: readName(), now: () => Number(process.hrtime.bigint() / 1_000_000n) };
}

function readName(): string {
  try {
    // A container may have the clock of another start of the system, without being another system.
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/time")}`;
  } catch {
    // Elsewhere than on Linux. After a new start the processes of before are gone, which frees their leases at once.
    return hostname();
  }
}
