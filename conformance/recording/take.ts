import type { Dial } from "../lens/dial.ts";

/** What one try of one case says and hears, as it is recorded or replayed. */
export interface Take {
  readonly dial: Dial;
  /** What all that the case makes unique follows from; see unique.ts. */
  readonly unique: string;
  /** What the suite sees beside the connections, such as the time of day: a replay is given what was seen then. */
  readonly observe: <T>(name: string, look: () => T) => T;
  /** Why a replay cannot be judged: the case has asked for what the recording does not have. */
  readonly stale: () => string | undefined;
  /** The case is over, and this is the try that counts. */
  readonly end: () => Promise<void>;
}

/** A run that is recorded, or one that was. */
export interface Tape {
  /** A case that begins; the next take of the same name takes its place. */
  readonly take: (name: string) => Take;
  /** What is replayed is there as long as anybody asks; undefined while a server answers for itself. */
  readonly replayed?: { readonly has: (name: string) => boolean; readonly died?: boolean };
}
