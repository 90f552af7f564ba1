import { fork } from "node:child_process";
import { once } from "node:events";

interface Aimed {
  readonly url: string;
  /** The bytes of whole requests, taken in turn. */
  readonly calls: readonly string[];
}

export type Job =
  | CallsJob
  | (Aimed & { readonly kind: "streams"; readonly streams: number; readonly probes: number; readonly probe: string })
  | TogetherJob
  | (Aimed & { readonly kind: "open"; readonly streams: number })
  | CrowdJob
  | CanaryJob
  | AttackJob
  | { readonly kind: "close" };

/** So many calls, one after the other on each connection. */
export interface CallsJob extends Aimed {
  readonly kind: "calls";
  readonly count: number;
  readonly connections: number;
  /**
   * Whoever writes to a client that sleeps wakes its core, which costs the writer, on a virtual machine, more than all the
   * rest of the write; and the slower a server is, the more often its client sleeps. Where the server's CPU is what is
   * measured, the client therefore stays awake. It keeps a core busy, so where time is measured it does not.
   */
  readonly awake?: boolean;
}

/** So many streams of each target, all at once, to their ends. */
export interface TogetherJob {
  readonly kind: "together";
  readonly targets: readonly Aimed[];
  readonly streams: number;
}

/** Calls at a rate, whether or not the earlier ones are answered, or as fast as so many connections can. */
export interface CrowdJob extends Aimed {
  readonly kind: "crowd";
  readonly perSecond: number | undefined;
  readonly connections: number;
  readonly seconds: number;
}

/** One call after the other, at a rate. */
export interface CanaryJob extends Aimed {
  readonly kind: "canary";
  readonly everyMs: number;
  readonly seconds: number;
}

/** What others do to a gateway meanwhile, until the job `close`. */
export interface AttackJob {
  readonly kind: "attack";
  readonly url: string;
  /** Clients that send their request byte by byte; half of them the head, half the body. */
  readonly slow: number;
  readonly call: string;
  /** Clients that ask for a long stream and read nothing of it. */
  readonly stopped: number;
  readonly longCall: string;
  readonly wrongPerSecond: number;
  readonly wrongCall: string;
}

export interface Outcome {
  /** Of each call its duration, of each stream or probe the time to its first text; in milliseconds. */
  readonly times: number[];
  /** Of a crowd: how long each took that was told to come back later. */
  readonly refusals: number[];
  /** Of a crowd: calls that were neither answered nor told to come back. */
  readonly lost: number;
  /** The 99th percentile of how late the client's own event loop was: what it measured may be that much too much. */
  readonly loopDelayMs: number;
  readonly failure: string | undefined;
}

export interface Client {
  run(job: Job): Promise<Outcome>;
  stop(): void;
}

export function startClient(): Client {
  const child = fork(new URL("client.ts", import.meta.url));
  return {
    async run(job) {
      child.send(job);
      const [outcome] = (await once(child, "message")) as [Outcome];
      if (outcome.failure !== undefined) throw new Error(`the client failed (${job.kind}): ${outcome.failure}`);
      return outcome;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}

export const token = "bench-token-0123456789abcdef";

export function toCall(body: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({
    host: "127.0.0.1",
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/chat/completions HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
