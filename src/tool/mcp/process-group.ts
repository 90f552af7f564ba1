import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * On POSIX systems a program leads a group of its own: what it starts (`npx` starts the real server) ends with it, and
 * Ctrl-C in the gateway's terminal does not end tools that draining runs still use.
 */
export const ownGroup = process.platform !== "win32";

/** How long a program may take to end by itself. */
const graceMs = 2000;
const pollMs = 20;

/** Ends a program, and all of its group: SIGTERM, and SIGKILL for what is left after two seconds. Always resolves. */
export async function endGroup(child: ChildProcess): Promise<void> {
  const last = performance.now() + graceMs;
  send(child, "SIGTERM");
  while (isAlive(child)) {
    if (performance.now() >= last) {
      send(child, "SIGKILL");
      return;
    }
    await sleep(pollMs);
  }
}

function isAlive(child: ChildProcess): boolean {
  return ownGroup ? send(child, 0) : child.exitCode === null && child.signalCode === null;
}

/** False if there is nobody left to send it to. */
function send(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (!ownGroup) return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group is gone. EPERM: it is no longer ours.
    return false;
  }
}
