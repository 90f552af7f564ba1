import fc from "fast-check";
import { expect, test } from "vitest";
import { Gathered } from "./gathered.ts";

test("all comes out as it went in, whatever its pieces", () => {
  const length = fc.oneof(fc.nat(3), fc.nat(1200), fc.constantFrom(1023, 1024, 65_535, 65_536, 65_537));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 150 }), fc.nat(255), (lengths, first) => {
      const gathered = new Gathered();
      const pieces = lengths.map((bytes, index) => Buffer.alloc(bytes, (first + index) & 255));
      for (const piece of pieces) gathered.add(piece);
      expect(gathered.take().equals(Buffer.concat(pieces))).toBe(true);
      expect(gathered.count).toBe(0);
    }),
  );
});

test("a body that comes at once is the very piece", () => {
  const gathered = new Gathered();
  const piece = Buffer.from("{}");
  gathered.add(piece);
  expect(gathered.take()).toBe(piece);
});

test.each([
  ["single bytes", [1], 20],
  ["single bytes between longer ones", [1, 1024], 2000],
  ["pieces that are just too short to be kept", [1023], 20],
])("%s are few pieces, which hold little more than what came", (_, lengths, countMax) => {
  const gathered = new Gathered();
  const total = 1_000_000;
  for (let bytes = 0, turn = 0; bytes < total; turn++) {
    const piece = Buffer.alloc(lengths[turn % lengths.length] ?? 1);
    gathered.add(piece);
    bytes += piece.length;
  }
  expect(gathered.count).toBeLessThanOrEqual(countMax);
  expect(gathered.take().length).toBeGreaterThanOrEqual(total);
});
