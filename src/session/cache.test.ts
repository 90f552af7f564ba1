import { describe, expect, test } from "vitest";
import { type CachedTranscript, TranscriptCache } from "./cache.ts";

const entry = (revision: number, characters = 10): CachedTranscript => ({ messages: [], revision, characters });

describe("the cache of transcripts", () => {
  test("forgets the session that was used least lately", () => {
    const cache = new TranscriptCache({ sessionsMax: 2, charactersMax: 1_000 });
    cache.set("a", entry(1));
    cache.set("b", entry(1));
    cache.get("a");
    cache.set("c", entry(1));
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([entry(1), undefined, entry(1)]);
  });

  test("holds no more text than its limit, counting what was replaced and removed", () => {
    const cache = new TranscriptCache({ sessionsMax: 100, charactersMax: 100 });
    for (let revision = 1; revision <= 50; revision++) cache.set("a", entry(revision, 40));
    cache.set("b", entry(1, 60));
    expect([cache.get("a")?.revision, cache.get("b")?.revision]).toEqual([50, 1]);
    cache.delete("a");
    cache.set("c", entry(1, 40));
    expect([cache.get("b")?.revision, cache.get("c")?.revision]).toEqual([1, 1]);
    cache.set("d", entry(1, 50));
    expect([cache.get("b"), cache.get("c"), cache.get("d")]).toEqual([undefined, entry(1, 40), entry(1, 50)]);
  });

  test("does not keep a transcript that is too large, nor its older state", () => {
    const cache = new TranscriptCache({ sessionsMax: 2, charactersMax: 100 });
    cache.set("a", entry(1));
    cache.set("b", entry(1));
    cache.set("a", entry(2, 101));
    expect([cache.get("a"), cache.get("b")]).toEqual([undefined, entry(1)]);
  });

  test("keeps the newer revision", () => {
    const cache = new TranscriptCache();
    cache.set("a", entry(3));
    cache.set("a", entry(2));
    expect(cache.get("a")).toEqual(entry(3));
  });
});
