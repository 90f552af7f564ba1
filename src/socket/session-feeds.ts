import type { Member } from "./methods.ts";
import type { Outgoing } from "./outgoing.ts";
import type { RunNames } from "./run-names.ts";
import { RunTeller, type Tell } from "./run-teller.ts";
import type { Agents } from "../run/agents.ts";
import { GatewayError } from "../base/errors.ts";
import { openFlow } from "../base/listener.ts";
import type { LiveRun, LiveRuns } from "../run/live-runs.ts";
import type { RunLog } from "../run/run-log.ts";

export interface FeedParts {
  readonly live: LiveRuns;
  /** Those of the configuration in force. */
  readonly agents: () => Agents;
  readonly runs: RunLog;
  readonly names: RunNames;
  readonly outgoing: () => Outgoing;
}

/** A run that is under way, as it stands. */
export interface RunUnderWay {
  readonly runId: string;
  readonly startedAt: number;
  /** Undefined where it began before anybody watched. */
  readonly text: string | undefined;
}

/** Sessions of one connection; one more takes the place of the oldest. */
const followedMax = 64;

/**
 * Who is told of which session. A session that nobody follows costs nothing; of one that somebody follows each event is
 * made once, for all who do.
 */
export class SessionFeeds {
  readonly #parts: FeedParts;
  readonly #feeds = new Map<string, Feed>();
  readonly #followed = new WeakMap<Member, Set<string>>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** From now on the connection is told of the session's runs, whoever begins them, until it is gone. */
  follow(stored: string, shown: string, member: Member): void {
    let followed = this.#followed.get(member);
    if (followed === undefined) {
      followed = new Set();
      this.#followed.set(member, followed);
      member.signal.addEventListener("abort", () => this.#leaveAll(member), { once: true });
    }
    if (followed.has(stored) || member.signal.aborted) return;
    const [oldest] = followed;
    if (oldest !== undefined && followed.size >= followedMax) this.leave(oldest, member);
    followed.add(stored);
    let feed = this.#feeds.get(stored);
    if (feed === undefined) {
      feed = new Feed(stored, this.#parts, () => this.#feeds.delete(stored));
      this.#feeds.set(stored, feed);
    }
    feed.members.set(member, shown);
  }

  leave(stored: string, member: Member): void {
    this.#followed.get(member)?.delete(stored);
    this.#feeds.get(stored)?.leave(member);
  }

  /** The runs of a session that somebody follows. */
  listRuns(stored: string): readonly RunUnderWay[] {
    return [...(this.#feeds.get(stored)?.tellers ?? [])];
  }

  #leaveAll(member: Member): void {
    for (const stored of this.#followed.get(member) ?? []) this.leave(stored, member);
  }
}

/** One session, while somebody follows it, and while a run goes on that somebody has followed and may come back to. */
class Feed implements Tell {
  /** Each with the key by which it knows the session. */
  readonly members = new Map<Member, string>();
  readonly tellers = new Set<RunTeller>();
  readonly #parts: FeedParts;
  readonly #stop: () => void;
  readonly #onEmpty: () => void;

  constructor(stored: string, parts: FeedParts, onEmpty: () => void) {
    this.#parts = parts;
    this.#onEmpty = onEmpty;
    this.#stop = parts.live.watchSession(stored, (run) => this.#watch(run));
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.members.size > 0 || this.tellers.size > 0) return;
    this.#stop();
    this.#onEmpty();
  }

  chat(payload: Parameters<Tell["chat"]>[0]): void {
    // Most of them know it by the same key.
    const texts = new Map<string, string>();
    for (const [member, sessionKey] of this.members) {
      const text = texts.get(sessionKey) ?? this.#parts.outgoing().event("chat", { ...payload, sessionKey });
      texts.set(sessionKey, text);
      member.event("chat", text);
    }
  }

  agent(payload: Parameters<Tell["agent"]>[0], needsTools = false): void {
    if (this.members.size === 0) return;
    const text = this.#parts.outgoing().event("agent", payload);
    for (const member of this.members.keys()) if (!needsTools || member.showsTools) member.event("agent", text);
  }

  #watch(run: LiveRun): void {
    const { id, isLogged } = run;
    const { id: agentId } = run.facts.agent;
    const { agents, names, runs } = this.#parts;
    const agent = agents().list.find((one) => one.id === agentId);
    const isUnderWay = run.seq > 0;
    const teller = new RunTeller({
      runId: names.toName(id),
      agentId,
      startedAt: run.createdAt,
      // What a run has said that nobody keeps is not known to who comes later.
      isLate: isUnderWay && !isLogged,
      showsReasoning: agent?.include.includes("reasoning") ?? false,
      tell: this,
      onEnd: () => {
        this.tellers.delete(teller);
        this.#endIfIdle();
      },
    });
    this.tellers.add(teller);
    if (isUnderWay && isLogged) void replay(runs, id, teller);
    else run.watch(teller);
  }
}

/** A run that is kept is told from its first event, whenever its first reader comes. */
async function replay(runs: RunLog, id: string, { onEvent, onEnd }: RunTeller): Promise<void> {
  const { signal } = new AbortController();
  try {
    onEnd({ answer: await runs.follow(id, 0, { signal, flow: openFlow, emit: onEvent }) });
  } catch (cause) {
    onEnd({ error: GatewayError.from(cause) });
  }
}
