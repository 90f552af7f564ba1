import type { OwnSubject } from "./subject.ts";

/** The program that the suite is part of; by itself it is one of its own. */
export interface Host {
  /** The words that call the suite, for help and hints. */
  readonly words: string;
  /** How reports call the host's server. */
  readonly name?: string;
  /** Starts the host's own server, for runs that name no other; each top-level key of `config` takes another's place. */
  readonly start?: (config?: object) => Promise<OwnSubject>;
}

export const standalone: Host = { words: "clawgate-conformance" };
