import { expect, test } from "vitest";
import { toSent } from "./bytes.ts";
import { Expected } from "./expected.ts";

const long = "z".repeat(20_000);

test.for([
  ["what was recorded", "say recorded now", true, true],
  ["other words in the place of what was hidden", "say 01234567 now", true, false],
  ["other words beside it", "say recorded not", false, false],
])("%s", ([, said, want, exactly]) => {
  for (const behind of ["", long]) {
    const sent = [toSent(`say recorded now${behind}`, [[4, 8]])];
    const connection = { begins: "suite", events: [], sent } as const;
    const words = String(said) + behind;
    expect(new Expected(connection).take(words)).toBe(want);
    expect(new Expected(connection, { isExact: true }).take(words)).toBe(exactly);
    // In two pieces as in one.
    const expected = new Expected(connection);
    expect(expected.take(words.slice(0, 7)) && expected.take(words.slice(7))).toBe(want);
  }
});
