import type { StoredMessage, Transcript } from "./store.ts";

export interface CacheLimits {
  readonly sessionsMax: number;
  /** Of JSON text in all transcripts together; parsed, they take a small multiple of it. */
  readonly charactersMax: number;
}

export const cacheLimits: CacheLimits = { sessionsMax: 2_048, charactersMax: 16 * 1024 * 1024 };

/** A parsed transcript and the length of its JSON text. */
export interface CachedTranscript extends Pick<Transcript, "messages" | "revision"> {
  readonly characters: number;
}

/** A session as read. `messages` is a JSON array, or undefined if the revision the caller knows is still current. */
export interface Snapshot {
  readonly revision: number;
  readonly updatedAt: number;
  readonly messages: string | undefined;
}

/** A turn that was committed. */
export interface CommittedTurn {
  readonly keep: number;
  readonly append: readonly StoredMessage[];
  /** The JSON texts of `append`. */
  readonly bodies: readonly string[];
}

const nothing: CachedTranscript = { messages: [], revision: 0, characters: 0 };

/**
 * The transcripts used last, so that a session in use is neither read nor parsed again. The store stays the truth: an
 * entry counts only while its revision is the store's. Never holds more than its limits; nothing here throws.
 */
export class TranscriptCache {
  readonly #limits: CacheLimits;
  /** Ordered by use: a `Map` remembers the order of insertion, and every use inserts anew. */
  readonly #entries = new Map<string, CachedTranscript>();
  #characters = 0;

  constructor(limits: CacheLimits = cacheLimits) {
    this.#limits = limits;
  }

  get(key: string): CachedTranscript | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** What is held of a session, or nothing at revision 0. */
  recall(key: string): CachedTranscript {
    return this.get(key) ?? nothing;
  }

  /** The transcript of a snapshot. `known` is what was held when it was asked for; it may have gone since. */
  receive(key: string, known: CachedTranscript, { revision, updatedAt, messages: text }: Snapshot): Transcript {
    if (text === undefined) return { messages: known.messages, revision, updatedAt };
    // Written by a store from messages, and guarded by a checksum since.
    const messages = JSON.parse(text) as StoredMessage[];
    this.set(key, { messages, revision, characters: text.length });
    return { messages, revision, updatedAt };
  }

  /** Follows a turn that made the session this revision. */
  follow(key: string, revision: number, { keep, append, bodies }: CommittedTurn): void {
    const known = this.recall(key);
    // Another process may have added turns since.
    if (known.revision !== revision - 1) return this.delete(key);
    const superseded = known.messages.slice(keep).map((message) => JSON.stringify(message));
    const characters = known.characters - countCharacters(superseded) + countCharacters(bodies);
    this.set(key, { messages: [...known.messages.slice(0, keep), ...append], revision, characters });
  }

  /** An older revision than the one held is ignored: answers of the store may be worked on in any order. */
  set(key: string, entry: CachedTranscript): void {
    const held = this.#entries.get(key);
    if (held !== undefined && held.revision > entry.revision) return;
    this.delete(key);
    if (entry.characters > this.#limits.charactersMax) return;
    this.#entries.set(key, entry);
    this.#characters += entry.characters;
    this.#evict();
  }

  delete(key: string): void {
    const held = this.#entries.get(key);
    if (held === undefined) return;
    this.#entries.delete(key);
    this.#characters -= held.characters;
  }

  #evict(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.sessionsMax && this.#characters <= this.#limits.charactersMax) return;
      this.delete(oldest);
    }
  }
}

function countCharacters(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}
