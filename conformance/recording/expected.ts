import { blank, fromSent, hash } from "./bytes.ts";
import type { RecordedSent } from "./format.ts";
import type { PlayedConnection } from "./load.ts";

/** What the suite has to say on a connection, as it was recorded, against what it says now. */
export class Expected {
  readonly #parts: readonly RecordedSent[];
  /** The suite had left before it said anything, which is a matter of moments. */
  readonly #isEmpty: boolean;
  readonly #isExact: boolean;
  #part = 0;
  /** What was said of the part that is not whole yet. */
  #said = "";

  /** Unless it has to be exact, anything may be said where something was hidden. */
  constructor({ begins, sent }: PlayedConnection, { isExact = false } = {}) {
    this.#isEmpty = begins === "never";
    this.#parts = sent;
    this.#isExact = isExact;
  }

  /** How many parts are said. */
  get count(): number {
    return this.#part;
  }

  /** All that was recorded is said. */
  get isWhole(): boolean {
    return this.#part === this.#parts.length;
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
      if (!isBeginning(now, part, this.#isExact)) return false;
      if (now.length < length) return true;
      this.#part++;
      this.#said = later;
    }
  }
}

function isBeginning(now: string, part: RecordedSent, isExact: boolean): boolean {
  const { hidden } = part;
  if ("bytes" in part && now.length === part.bytes && hash(blank(now, hidden)) !== part.sha256) return false;
  const known = fromSent(part);
  const [said, want] = isExact ? [now, known] : [blank(now, hidden), blank(known, hidden)];
  return "bytes" in part ? want.startsWith(said.slice(0, want.length)) : want.startsWith(said);
}
