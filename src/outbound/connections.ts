import { Agent } from "undici";
import type { Deadlines } from "../base/contract.ts";

/** The largest answer that is read, in bytes; the longest of today's models say less than 1 MB. */
export const answerBytesMax = 32 * 1024 * 1024;

/** No honest API sends more; a header section is held in memory at once. */
const headerBytesMax = 64 * 1024;

export interface ConnectionOptions {
  readonly deadlines: Deadlines;
  readonly connectionsMax: number;
}

/**
 * The connections of one provider, and of no other: a provider that hangs can only use up its own. Never through a
 * proxy of the environment. HTTP/1.1, where ending a call ends its connection and nothing else.
 */
export function createConnections({ deadlines, connectionsMax }: ConnectionOptions): Agent {
  return new Agent({
    connections: connectionsMax,
    // Named, so that neither the environment nor a flag of the process weakens them.
    connect: { timeout: deadlines.connectMs, rejectUnauthorized: true, minVersion: "TLSv1.2" },
    allowH2: false,
    maxHeaderSize: headerBytesMax,
    maxResponseSize: answerBytesMax,
    // `startDeadline` is the one clock.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
