import type { Message, Tool } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { Principal } from "../base/principal.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { TraceContext } from "../base/telemetry/tracing.ts";
import type { HeldEnd } from "../session/run-store.ts";
import type { Agent } from "./agents.ts";
import type { LiveRun } from "./live-runs.ts";
import type { Attempt } from "./repeated.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";

export interface RunSession {
  /** As its owner knows it: two principals may have different sessions of one key. */
  readonly key: string;
  /** False for a stateless call: nothing of it is read or written. */
  readonly kept: boolean;
  /** The messages are always the whole conversation, also where they repeat no answer. */
  readonly toldWhole: boolean;
}

/** Where a run is logged. Whoever logs it has opened it among the live ones, and closes it there when all is written. */
export interface LoggedRun {
  readonly live: LiveRun;
  /** Its end, to be written with the turn of its session; the answer is the last that is heard of it. */
  readonly toEnd: (answer: RunAnswer) => HeldEnd;
}

/** A run that is logged from its first event on, though it was begun without: it ends when the signal aborts, too. */
export interface JoinedRun extends LoggedRun {
  readonly signal: AbortSignal;
}

/** Everything that a run needs to know; where it came from (HTTP, a socket, a terminal) is not part of it. */
export interface RunRequest {
  /** Whose run it is. */
  readonly principal: Principal;
  readonly agent: Agent;
  readonly session: RunSession;
  /** As the client sent them, instructions included: what is new, or the whole history. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
  /** Of a session that is kept; without it nobody can ask for the same answer again. */
  readonly attempt?: Attempt;
  /** Of the run, where its door has named it already. */
  readonly runId?: string;
  /** Ends it for somebody else than its client, with a reason; the signal is to abort with that. */
  readonly cancel?: (reason: GatewayError) => void;
  /** Of a run that is logged. */
  readonly logged?: LoggedRun;
  /** Of one that is not, and that others may come to read: how its client wants the answer, as JSON text. */
  readonly toForm?: () => string;
  /** Of the request that began it, for the log and for the providers' logs. */
  readonly requestId?: string;
  /** Where it came from, if it came over a network. */
  readonly address?: string;
  /** The span that the run's is part of. */
  readonly trace?: TraceContext | undefined;
}

/**
 * The one way to run an agent. It resolves with the answer when the turn is on disk, and rejects with a `GatewayError`;
 * nothing else ends it. When the signal aborts, the model is stopped and the turn is not kept. A listener that only
 * wants to leave, and not to end the run, gives a signal that does not abort and takes no more events.
 *
 * A call that is sent again after a turn was stored for it is answered with what that turn said, and makes none.
 */
export type RunAgent = (request: RunRequest, to: Listener<RunEvent>) => Promise<RunAnswer>;
