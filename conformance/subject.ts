import type { Capability } from "./capability.ts";

/** `chat`: any OpenAI-compatible server. `gateway`: one with agents and sessions as well. */
export type Profile = "chat" | "gateway";

/** The server under test. */
export interface Subject {
  /** Ends in `/v1` or wherever the API begins, without a slash. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly profile: Profile;
  /** Starts one more subject like this one with another configuration; only when the suite has started the first. */
  readonly start?: (config: object) => Promise<OwnSubject>;
}

/** A subject that the suite has started and will stop. */
export interface OwnSubject extends Subject {
  readonly stop: () => Promise<void>;
}

export type Capabilities = ReadonlyMap<Capability, CapabilityFinding>;

export interface CapabilityFinding {
  readonly present: boolean;
  /** What the probe saw, in one line. */
  readonly why: string;
}
