import fc from "fast-check";

const surrogatesFrom = 0xd8_00;
const surrogates = 0x8_00;

/**
 * Any character of Unicode, as the unit of `fc.string`. The library's own, `unit: "binary"`, makes a map of all million
 * of them before the first text of each process.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10_ff_ff - surrogates)
  .map((index) => String.fromCodePoint(index < surrogatesFrom ? index : index + surrogates), toIndex);

function toIndex(value: unknown): number {
  const [character, ...more] = typeof value === "string" ? value : [];
  const code = character?.codePointAt(0);
  if (code === undefined || more.length > 0) throw new Error("This is not one character.");
  if (code < surrogatesFrom) return code;
  if (code < surrogatesFrom + surrogates) throw new Error("This is half of a character.");
  return code - surrogates;
}
