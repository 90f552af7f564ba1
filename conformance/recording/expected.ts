import { fromSent, hash } from "./bytes.ts";
import { isSent, type RecordedConnection, type RecordedSent } from "./format.ts";

/** What the suite has to say on a connection, as it was recorded, against what it says now. */
export class Expected {
  readonly #parts: readonly RecordedSent[];
  /** The suite had left before it said anything, which is a matter of moments. */
  readonly #isEmpty: boolean;
  #part = 0;
  /** What was said of the part that is not whole yet. */
  #said = "";

  constructor({ events }: RecordedConnection) {
    this.#isEmpty = events.length === 0;
    this.#parts = events.filter(isSent);
  }

  /** How many parts are said. */
  get count(): number {
    return this.#part;
  }

  /** False once something else is said than was recorded. */
  take(bytes: string): boolean {
    if (this.#isEmpty) return true;
    this.#said += bytes;
    for (;;) {
      const part = this.#parts[this.#part];
      if (part === undefined) return this.#said === "";
      const length = "bytes" in part ? part.bytes : fromSent(part).length;
      const [now, later] = [this.#said.slice(0, length), this.#said.slice(length)];
      if (!isBeginning(now, part)) return false;
      if (now.length < length) return true;
      this.#part++;
      this.#said = later;
    }
  }
}

function isBeginning(now: string, part: RecordedSent): boolean {
  if ("bytes" in part && now.length === part.bytes) return hash(now) === part.sha256;
  const known = fromSent(part);
  return "bytes" in part
    ? known.startsWith(now.slice(0, known.length)) && now.length < part.bytes
    : known.startsWith(now);
}
