import type { Capability } from "./capability.ts";
import type { Dial } from "../lens/dial.ts";
import type { Exchange } from "../lens/exchange.ts";

/**
 * `chat`: any OpenAI-compatible server. `gateway`: one with agents and sessions as well. `websocket`: one that is spoken to
 * in OpenClaw's gateway protocol and in nothing else.
 */
export type Profile = (typeof profiles)[number];

export const profiles = ["chat", "gateway", "websocket"] as const;

/** The server under test. */
export interface Subject {
  /** Ends in `/v1` or wherever the API begins, without a slash; with the profile `websocket` the address of the socket. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly profile: Profile;
  /** Sent with every request, under lower-case names; one that a case sets itself counts. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Parameters of every address, encoded, without a question mark, as in `api-version=2024-10-21`. */
  readonly query?: string;
  /** What nobody may be told beside the key and the headers that have telling names. */
  readonly secrets?: readonly string[];
  /** How it is reached, where that is not straight to its address. */
  readonly dial?: Dial;
  /** How many times longer than usual a call, a wait and a case may take; 1 unless said. */
  readonly patience?: number;
  /** How long a call may take that says nothing else; 8 s times the patience unless said. */
  readonly callMs?: number;
  /** Starts one more subject like this one that does as wished; only when the suite's host has started the first. */
  readonly start?: (wishes: Wishes) => Promise<OwnSubject>;
  /** How many runs the server's metrics call cancelled; `read` gives the text at a path of the server. */
  readonly countCancelled?: (read: (path: string) => Promise<string>) => Promise<number>;
}

/** What a case wants of a server that is started for it, whatever the words for it are in the server's configuration. */
export interface Wishes {
  /** The origins whose pages may call; none if the list is empty. */
  readonly allowedOrigins?: readonly string[];
  /** A longer request body is refused. */
  readonly bodyBytesMax?: number;
  /** How, and how often, a silent stream shows life. */
  readonly keepAlive?: { readonly form: "comment" | "chunk"; readonly intervalMs: number };
  /** For the cases that the host has brought along: it alone knows what this says. */
  readonly other?: object;
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
  /** It could not be looked for in this run, as for want of a key. */
  readonly untried?: boolean;
  /** Whether the server's manifest claims it; undefined without one. */
  readonly claimed?: boolean;
  /** What the probe sent, and what came. */
  readonly exchanges?: readonly Exchange[];
}
