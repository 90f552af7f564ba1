import type { ChatMessage, FinishReason, ToolCall, Usage } from "../../base/contract.ts";

/** What somebody says to an agent. */
export interface Asked {
  /** Undefined for the one of the session, or the default agent. */
  readonly agentId: string | undefined;
  /** With or without `agent:<id>:` before it. */
  readonly sessionKey: string;
  readonly message: string;
}

/** A run as its agent and session have been found. */
export interface BegunRun {
  /** As `/v1/runs` has it, where a gateway has run it. */
  readonly runId: string;
  readonly agentId: string;
  /** `agent:<id>:…` */
  readonly sessionKey: string;
}

/** Who listens to a run. */
export interface RunListener {
  /** When it aborts, the run is ended. */
  readonly signal: AbortSignal;
  /** Comes once, before anything else; who is refused before it has begun nothing. */
  onBegin(run: BegunRun): void;
  onText(text: string): void;
  /** What happens beside the text. */
  onNote(text: string): void;
}

/** What a run has come to. */
export interface Said {
  readonly model: string;
  readonly text: string;
  /** Of tools that the client would have to run. */
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

export interface ListedAgent {
  readonly id: string;
  readonly model: string;
  readonly isDefault: boolean;
}

export interface ListedSession {
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly updatedAt: number;
}

/**
 * The way from the command line to the agents: through a gateway that runs, or in this process. Everything but `close`
 * rejects with a `GatewayError` and with nothing else that a person could have caused.
 */
export interface AgentDoor {
  /** Resolves when the turn is kept. A run whose signal aborts rejects with `cancelled`, and what it had said was told. */
  run(asked: Asked, listener: RunListener): Promise<Said>;
  listAgents(): Promise<readonly ListedAgent[]>;
  /** The ones used last come first. */
  listSessions(agentId: string): Promise<readonly ListedSession[]>;
  /** The last of what was said in a session, oldest first; nothing of one that is not there. */
  readEnd(session: Pick<Asked, "agentId" | "sessionKey">, count: number): Promise<readonly ChatMessage[]>;
  close(): Promise<void>;
}
