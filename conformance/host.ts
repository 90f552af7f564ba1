import type { Case } from "./case.ts";
import type { Mutant } from "./self-test/mutant.ts";
import type { OwnSubject, Wishes } from "./reach/subject.ts";

/** The program that the suite is part of; by itself it is one of its own. */
export interface Host {
  /** The words that call the suite, for help and hints. */
  readonly words: string;
  /** How reports call the host's server. */
  readonly name?: string;
  /** What is asked for if nobody says a model. */
  readonly model?: string;
  /** Starts the host's own server, for runs that name no other; without wishes as the suite knows servers best. */
  readonly start?: (wishes?: Wishes) => Promise<OwnSubject>;
  /** Cases of the host's own; they are run, listed and explained with those of the suite. */
  readonly cases?: readonly Case[];
  /** The faults that prove them. */
  readonly mutants?: readonly Mutant[];
  /** What the groups of these cases are about, for the catalogue, where the suite has no such group. */
  readonly titles?: Readonly<Record<string, string>>;
}

export const standalone: Host = { words: "clawgate-conformance" };
