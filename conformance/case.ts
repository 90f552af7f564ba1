import type { Capability } from "./reach/capability.ts";
import type { CaseContext } from "./context.ts";
import { isObject } from "./expect.ts";
import type { Fault } from "./self-test/mutant.ts";

/**
 * MUST: a client breaks without it, as its proof shows. SHOULD: some clients do, or operators suffer. DOC: it deviates from
 * OpenAI's document, and breaks no client that we can name. EXT: an extension of the gateway profile.
 */
export type Level = (typeof levels)[number];

export const levels = ["MUST", "SHOULD", "DOC", "EXT"] as const;

/** Whether what is not met fails a run, or only warns. */
export function isBinding(level: Level): boolean {
  return level === "MUST" || level === "EXT";
}

export interface Case {
  /** Group and number, as in `SS-13`. */
  readonly id: string;
  readonly level: Level;
  /** One sentence that a maintainer of another server can act on. */
  readonly requirement: string;
  /** Why it is required: a section of a specification, the behaviour of an SDK, or issues that users have opened. */
  readonly source: string;
  readonly needs?: readonly Capability[];
  /** Goes through the WebSocket of the port instead of its HTTP, which is all that the profile `websocket` has. */
  readonly door?: "websocket";
  /** Run once for each SDK major under test instead of once. */
  readonly eachSdk?: boolean;
  /** The oldest SDK major that has what the case uses; 4 unless said. */
  readonly sdkMin?: number;
  /** Runs alone: it loads or aborts so much that others would see it. */
  readonly alone?: boolean;
  /** It came after the set that the run is judged by; see sets.ts. */
  readonly after?: boolean;
  /** 10 s unless said; 30 s on a subject that the suite has started. */
  readonly limitMs?: number;
  /** Faults that the case must find; they stand with the case that they say most about. */
  readonly faults?: readonly Fault[];
  /** Faults of other cases that it must find as well, by their ids. */
  readonly finds?: readonly string[];
  /**
   * Passes by returning. Throws a `Failure` (see expect.ts) if the requirement is not met, a `Skip` if it cannot be
   * decided; anything else is an error of the suite or of the transport.
   */
  readonly run: (context: CaseContext) => Promise<void>;
}

/** A typed literal. A list that a module of `cases/` exports is part of the suite; the group is the part of the id before the dash. */
export function defineCases(cases: readonly Case[]): readonly Case[] {
  return cases;
}

/** Whether a client must be named that breaks without it. */
export function needsProof({ level }: Case): boolean {
  return level === "MUST";
}

export function toGroup({ id }: Case): string {
  return id.slice(0, id.indexOf("-"));
}

export function isCaseList(value: unknown): value is readonly Case[] {
  return Array.isArray(value) && value.length > 0 && value.every(isCase);
}

function isCase(value: unknown): value is Case {
  return isObject(value) && typeof value["id"] === "string" && "requirement" in value && "run" in value;
}
