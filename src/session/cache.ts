import type { Transcript } from "./store.ts";

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
