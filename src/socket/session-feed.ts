import { toChatMessage, toMessageId } from "./chat-message.ts";
import type { Member } from "./methods.ts";
import type { Outgoing } from "./outgoing.ts";
import { parseForm } from "./run-form.ts";
import type { RunMarks } from "./run-marks.ts";
import type { RunNames } from "./run-names.ts";
import { isEndedByHand, RunTeller } from "./run-teller.ts";
import { toSessionId, toShownKey } from "./session-name.ts";
import { TranscriptTail } from "./transcript-tail.ts";
import type { ChatMessage, SocketEvents } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { openFlow } from "../base/listener.ts";
import type { Agents } from "../run/agents.ts";
import type { LiveRun, LiveRuns, RunOutcome } from "../run/live-runs.ts";
import type { RunLog } from "../run/run-log.ts";
import type { RunRecord } from "../session/run-store.ts";
import type { SessionStore } from "../session/store.ts";

export interface FeedParts {
  readonly live: LiveRuns;
  readonly runs: RunLog;
  readonly store: Pick<SessionStore, "find" | "history">;
  readonly names: RunNames;
  readonly marks: RunMarks;
  /** Those of the configuration in force, as is how it checks what leaves. */
  readonly agents: () => Agents;
  readonly outgoing: () => Outgoing;
  /** Who is told of every session that is theirs to read. */
  readonly subscribers: ReadonlySet<Member>;
}

/** A run that is under way, as it stands. */
export interface RunUnderWay {
  readonly runId: string;
  readonly startedAt: number;
  /** Undefined where it began before anybody watched, and nobody keeps what it says. */
  readonly text: string | undefined;
}

/** Of a run, here or elsewhere. */
interface Facts {
  readonly id: string;
  readonly agentId: string;
  readonly owner: string;
  readonly startedAt: number;
  readonly isLate: boolean;
}

/** Runs of one session that are remembered as told. */
const toldMax = 200;

type Changed = Pick<SocketEvents["sessions.changed"], "phase" | "reason" | "runId" | "status">;

/**
 * One session, while somebody follows it, and while a run goes on that somebody has followed and may come back to. Each
 * event is made once, for all who are told.
 */
export class SessionFeed {
  /** Each with the key by which it knows the session. */
  readonly members = new Map<Member, string>();
  readonly tellers = new Set<RunTeller>();
  readonly #stored: string;
  readonly #parts: FeedParts;
  readonly #told = new Set<string>();
  readonly #tail: TranscriptTail;
  readonly #onIdle: () => void;
  #stop: () => void = () => undefined;
  #reading = 0;
  /** Nobody is told anything any more that comes of this: another feed may have taken its place. */
  #isOver = false;

  constructor(stored: string, parts: FeedParts, onIdle: () => void) {
    this.#stored = stored;
    this.#parts = parts;
    this.#onIdle = onIdle;
    this.#tail = new TranscriptTail(parts.store, stored);
  }

  begin(): void {
    this.#stop = this.#parts.live.watchSession(this.#stored, (run) => this.#watch(run));
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.#endIfIdle();
  }

  /** A turn as it comes in, before the run that it begins. */
  tellAsked(runId: string, message: ChatMessage, owner: string, agentId: string): void {
    this.#parts.marks.noteAsked(this.#stored, runId);
    this.#publish("session.message", owner, (sessionKey) => {
      return { sessionKey, agentId, runId, message, messageId: toMessageId(message) };
    });
  }

  /** To those who are told of every session. */
  async tellChanged(changed: Changed, agentId: string): Promise<void> {
    if (this.#parts.subscribers.size === 0) return this.#endIfIdle();
    const entry = await this.#parts.store.find(this.#stored).catch(() => undefined);
    const activeRunIds = [...this.tellers].map(({ runId }) => runId);
    const common = {
      agentId,
      sessionId: toSessionId(this.#stored, entry?.createdAt),
      ts: Date.now(),
      hasActiveRun: activeRunIds.length > 0,
      activeRunIds,
      ...(entry === undefined ? {} : { updatedAt: entry.updatedAt }),
      ...changed,
    };
    const outgoing = this.#parts.outgoing();
    for (const member of this.#parts.subscribers) {
      const sessionKey = this.members.get(member) ?? this.#toShown(member);
      if (sessionKey !== undefined)
        member.event("sessions.changed", outgoing.event("sessions.changed", { sessionKey, ...common }));
    }
    this.#endIfIdle();
  }

  /** A run that another gateway carries, which may have ended by now. It is told once. */
  tellElsewhere({ id, agentId, principal: owner, createdAt: startedAt, form }: RunRecord): void {
    if (this.#isOver || this.#told.has(id)) return;
    const { names, runs } = this.#parts;
    const { name = id, asked } = parseForm(form);
    names.remember(owner, name, id);
    if (asked !== undefined) this.tellAsked(name, asked, owner, agentId);
    void replay(runs, id, this.#meet({ id, agentId, owner, startedAt, isLate: false }));
  }

  #watch(run: LiveRun): void {
    const { id, isLogged, facts, createdAt: startedAt } = run;
    const { principal, agent } = facts;
    const isUnderWay = run.seq > 0;
    const isLate = isUnderWay && !isLogged;
    const teller = this.#meet({ id, agentId: agent.id, owner: principal.name, startedAt, isLate });
    // What a run has said that is kept, it tells whoever comes later from its first event on.
    if (isUnderWay && isLogged) void replay(this.#parts.runs, id, teller);
    else run.watch(teller);
  }

  /** Whoever watches the run tells of it, that it has begun at once. */
  #meet({ id, agentId, owner, startedAt, isLate }: Facts): RunTeller {
    const { agents, names } = this.#parts;
    const [oldest] = this.#told.add(id);
    if (this.#told.size > toldMax && oldest !== undefined) this.#told.delete(oldest);
    const agent = agents().list.find((one) => one.id === agentId);
    const runId = names.toName(id);
    const teller: RunTeller = new RunTeller({
      runId,
      agentId,
      startedAt,
      isLate,
      showsReasoning: agent?.include.includes("reasoning") ?? false,
      tell: {
        chat: (payload) => this.#publish("chat", owner, (sessionKey) => ({ ...payload, sessionKey })),
        agent: (payload, needsTools) => this.#publish("agent", owner, () => payload, needsTools),
      },
      onEnd: (outcome) => {
        this.tellers.delete(teller);
        void this.#tellEnd(runId, agentId, owner, outcome);
      },
    });
    this.tellers.add(teller);
    void this.tellChanged({ phase: "start", runId, status: "running" }, agentId);
    return teller;
  }

  /** What the run has left in the history, and that it is over. */
  async #tellEnd(runId: string, agentId: string, owner: string, { answer, error }: RunOutcome): Promise<void> {
    this.#reading++;
    const rows = answer === undefined ? [] : await this.#tail.next();
    const { marks } = this.#parts;
    for (const row of rows) {
      marks.mark(this.#stored, row.sequence, runId);
      const message = toChatMessage(row, undefined, marks.find(this.#stored, row.sequence));
      const messageId = toMessageId(message);
      this.#publish("session.message", owner, (sessionKey) => {
        return { sessionKey, agentId, runId, message, messageId, messageSeq: row.sequence };
      });
    }
    this.#reading--;
    const isFailed = error !== undefined && !isEndedByHand(error);
    await this.tellChanged({ phase: isFailed ? "error" : "end", runId, status: isFailed ? "failed" : "done" }, agentId);
  }

  #publish<E extends keyof SocketEvents>(
    name: E,
    owner: string,
    toPayload: (sessionKey: string) => SocketEvents[E],
    needsTools = false,
  ): void {
    // Most of them know the session by the same key.
    const texts = new Map<string, string>();
    const outgoing = this.#parts.outgoing();
    const tell = (member: Member, shown: string): void => {
      if (needsTools && !member.showsTools) return;
      const text = texts.get(shown) ?? outgoing.event(name, toPayload(shown));
      texts.set(shown, text);
      member.event(name, text);
    };
    // Who may not read sessions is told of the runs that are its own.
    for (const [member, shown] of this.members)
      if (member.reads || member.principal.name === owner) tell(member, shown);
    for (const member of this.#parts.subscribers) {
      const shown = this.members.has(member) ? undefined : this.#toShown(member);
      if (shown !== undefined) tell(member, shown);
    }
  }

  #toShown({ principal }: Member): string | undefined {
    return toShownKey(this.#stored, principal, this.#parts.agents());
  }

  #endIfIdle(): void {
    if (this.#isOver || this.members.size > 0 || this.tellers.size > 0 || this.#reading > 0) return;
    this.#isOver = true;
    this.#stop();
    this.#onIdle();
  }
}

async function replay(runs: RunLog, id: string, { onEvent, onEnd }: RunTeller): Promise<void> {
  const { signal } = new AbortController();
  try {
    onEnd({ answer: await runs.follow(id, 0, { signal, flow: openFlow, emit: onEvent }) });
  } catch (cause) {
    onEnd({ error: GatewayError.from(cause) });
  }
}
