import type { Member } from "./methods.ts";
import { ObservedSessions } from "./observed-sessions.ts";
import { type FeedParts, type RunUnderWay, SessionFeed } from "./session-feed.ts";
import type { LiveRun } from "../run/live-runs.ts";
import { isStatelessKey, parseOperatorKey, parseStoredKey } from "../session/key.ts";
import type { SessionStore } from "../session/store.ts";

/** Sessions of one connection; one more takes the place of the oldest. */
const followedMax = 64;

export interface FollowersParts extends Omit<FeedParts, "subscribers"> {
  readonly store: FeedParts["store"] & Pick<SessionStore, "observe">;
}

/** Who is told of which session. One that nobody follows costs nothing. */
export class Followers {
  readonly #parts: FeedParts;
  readonly #observed: ObservedSessions;
  readonly #feeds = new Map<string, SessionFeed>();
  readonly #followed = new WeakMap<Member, Set<string>>();
  readonly #subscribers = new Set<Member>();
  #stopWatching: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor({ store, ...parts }: FollowersParts) {
    this.#parts = { ...parts, store, subscribers: this.#subscribers };
    this.#observed = new ObservedSessions(store);
  }

  /**
   * From now on the connection is told of the session, whoever talks there, until it is gone. Resolves when what is under way
   * at other gateways is known as well.
   */
  async follow(stored: string, shown: string, member: Member): Promise<void> {
    if (member.signal.aborted) return;
    const followed = this.#followed.get(member) ?? this.#meet(member);
    if (followed.has(stored)) return;
    const [oldest] = followed;
    if (oldest !== undefined && followed.size >= followedMax) this.leave(oldest, member);
    followed.add(stored);
    const feed = this.#open(stored);
    feed.members.set(member, shown);
    const { elsewhere } = this.#parts.runs;
    if (!elsewhere.isPossible) return;
    await this.#observed.add(stored);
    // Where the store fails, whoever reads the history is told that.
    for (const run of await elsewhere.list(stored).catch(() => [])) feed.tellElsewhere(run);
  }

  leave(stored: string, member: Member): void {
    this.#followed.get(member)?.delete(stored);
    const feed = this.#feeds.get(stored);
    feed?.leave(member);
    if (feed === undefined || feed.members.size === 0) this.#observed.delete(stored);
  }

  /** The same for every session that the connection may read. */
  subscribe(member: Member): void {
    if (member.signal.aborted || this.#subscribers.has(member)) return;
    if (!this.#followed.has(member)) this.#meet(member);
    this.#subscribers.add(member);
    this.#stopWatching ??= this.#parts.live.watchAll((run) => this.#notice(run));
    for (const run of this.#parts.live.list()) this.#notice(run);
    this.#listen();
  }

  unsubscribe(member: Member): void {
    this.#subscribers.delete(member);
    if (this.#subscribers.size > 0) return;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#rest();
  }

  /** Whoever is told of the session, if anybody is. */
  find(stored: string): SessionFeed | undefined {
    return this.#feeds.get(stored) ?? (this.#subscribers.size > 0 ? this.#open(stored) : undefined);
  }

  /** What was said in a session is gone, by whichever door somebody has asked for that. */
  readonly tellGone = (stored: string, reason: "reset" | "delete"): void => {
    const { agentId = "" } = parseOperatorKey(parseStoredKey(stored) ?? stored);
    void this.find(stored)?.tellChanged({ reason }, agentId);
  };

  /** The runs of a session that somebody follows. */
  listRuns(stored: string): readonly RunUnderWay[] {
    return [...(this.#feeds.get(stored)?.tellers ?? [])];
  }

  #notice({ facts: { session }, storedKey }: LiveRun): void {
    if (!isStatelessKey(session.key)) this.#open(storedKey);
  }

  #open(stored: string): SessionFeed {
    const known = this.#feeds.get(stored);
    if (known !== undefined) return known;
    const feed = new SessionFeed(stored, this.#parts, () => {
      this.#feeds.delete(stored);
      this.#rest();
    });
    this.#feeds.set(stored, feed);
    feed.begin();
    this.#listen();
    return feed;
  }

  /** Of other gateways it is heard only while somebody here would be told. */
  #listen(): void {
    const { elsewhere } = this.#parts.runs;
    if (!elsewhere.isPossible) return;
    this.#stopListening ??= elsewhere.watch((run) => {
      const key = parseStoredKey(run.sessionKey) ?? run.sessionKey;
      if (!isStatelessKey(key)) this.find(run.sessionKey)?.tellElsewhere(run);
    });
  }

  #rest(): void {
    if (this.#feeds.size > 0 || this.#subscribers.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #meet(member: Member): Set<string> {
    const followed = new Set<string>();
    this.#followed.set(member, followed);
    const leaveAll = (): void => {
      for (const stored of followed) this.leave(stored, member);
      this.unsubscribe(member);
    };
    member.signal.addEventListener("abort", leaveAll, { once: true });
    return followed;
  }
}
