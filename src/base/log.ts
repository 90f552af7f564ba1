import { type DestinationStream, pino, type Logger } from "pino";

export type Log = Logger;

/**
 * One JSON line for each event, on standard error unless a destination is given. Never message texts or secrets. Lines
 * are written together, at the latest after a tenth of a second: a system call for each would cost more than the line.
 */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: false, minLength: 4096, periodicFlush: 100 }),
): Log {
  return pino(
    { level, base: null, redact: { paths: ["authorization", "*.authorization", "token", "password"], censor: "…" } },
    destination,
  );
}

/** For tests and commands that have nothing to say. */
export function createSilentLog(): Log {
  return pino({ level: "silent" });
}
