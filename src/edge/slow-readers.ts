import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { awakeMs } from "../base/loop-watch.ts";
import type { CutFor } from "../base/metrics.ts";

/** A connection with answers that are being made or taken. */
export interface Reader {
  readonly socket: Socket;
  readonly responses: Iterable<ServerResponse>;
}

export interface ReaderBounds {
  /** Asked at each look: another configuration may say otherwise. */
  readonly limits: () => {
    /** A client that takes no byte for so long is cut. */
    readonly writeStallMs: number;
    /** The most bytes of answers that are not taken, of all clients together. */
    readonly answerBytesHeld: number;
  };
  readonly onCut: (reason: Extract<CutFor, "stalled" | "answer_bytes">) => void;
}

const lookMs = { max: 1000, min: 25 };

/** Answers whose bytes all of their kind have in common, so that one more that waits costs nothing. */
const common = new WeakSet<ServerResponse>();

export function markCommon(response: ServerResponse): void {
  common.add(response);
}

/** What a client had taken at a look, and since when it is no more. */
interface Progress {
  readonly taken: number;
  readonly since: number;
}

/** A client that has not taken all. */
interface Behind extends Pick<Progress, "since"> {
  readonly reader: Reader;
  readonly bytes: number;
}

/**
 * Cuts clients that do not take their answers, of whatever kind those are: one look at everything that is under way, about
 * once a second, and no timer for each.
 */
export class SlowReaders {
  readonly #readers: ReadonlySet<Reader>;
  readonly #bounds: ReaderBounds;
  /** Of those that were behind at the last look. */
  #progress = new Map<Socket, Progress>();
  #timer: NodeJS.Timeout | undefined;

  /** `readers` are those that have something under way, at any time. */
  constructor(readers: ReadonlySet<Reader>, bounds: ReaderBounds) {
    this.#readers = readers;
    this.#bounds = bounds;
  }

  /** Bytes of answers that clients have not taken. */
  get held(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += countHeld(reader);
    return bytes;
  }

  start(): void {
    const ms = Math.min(lookMs.max, Math.max(lookMs.min, this.#bounds.limits().writeStallMs / 4));
    this.#timer = setTimeout(this.#look, ms).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    this.start();
    if (this.#readers.size === 0) {
      this.#progress.clear();
      return;
    }
    const { writeStallMs, answerBytesHeld } = this.#bounds.limits();
    const now = awakeMs();
    let held = 0;
    const waiting: Behind[] = [];
    for (const behind of this.#listBehind(now)) {
      if (now - behind.since >= writeStallMs) {
        this.#cut(behind, "stalled");
        continue;
      }
      held += behind.bytes;
      waiting.push(behind);
    }
    if (held <= answerBytesHeld) return;
    for (const behind of waiting.toSorted((one, other) => one.since - other.since || other.bytes - one.bytes)) {
      this.#cut(behind, "answer_bytes");
      held -= behind.bytes;
      if (held <= answerBytesHeld) return;
    }
  };

  #listBehind(now: number): Behind[] {
    const behind: Behind[] = [];
    const progress = new Map<Socket, Progress>();
    for (const reader of this.#readers) {
      const { socket } = reader;
      const bytes = countHeld(reader);
      const waits = !socket.destroyed && socket.writableLength > 0;
      if (bytes === 0 && !waits) continue;
      const taken = countTaken(socket);
      const last = this.#progress.get(socket);
      const since = waits && last?.taken === taken ? last.since : now;
      progress.set(socket, { taken, since });
      behind.push({ reader, bytes, since });
    }
    this.#progress = progress;
    return behind;
  }

  #cut({ reader: { socket } }: Behind, reason: Parameters<ReaderBounds["onCut"]>[0]): void {
    this.#bounds.onCut(reason);
    // A reset, and not an end: what the kernel holds for this client goes as well.
    socket.resetAndDestroy();
  }
}

/** Of a connection that was cut nothing is held, also while its end has not been told. */
function countHeld({ socket, responses }: Reader): number {
  if (socket.destroyed) return 0;
  let bytes = 0;
  for (const response of responses) if (!common.has(response)) bytes += response.writableLength;
  return bytes;
}

/**
 * How many bytes the kernel has taken off this connection, which it does as the client reads. Only the handle tells the
 * progress of one long write; Node's own timeouts of sockets read it there.
 */
function countTaken(socket: Socket): number {
  const { _handle: handle } = socket as Socket & {
    _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
  };
  return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
}
