import fc from "fast-check";
import type { Message, Tool } from "../base/contract.ts";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "../../test/character.fixture.ts";
import { countInSlices, countPromptTokens, countTokens, splitPieces, splitTokens, takeTokens } from "./tokens.ts";

describe("splitTokens", () => {
  it.each([
    ["", []],
    ["Hello, world!", ["Hello", ",", " world", "!"]],
    ["internationalization", ["internat", "ionaliza", "tion"]],
    ["in 12345", ["in", " 123", "45"]],
    ["a  b\n\n c", ["a", "  ", "b", "\n\n ", "c"]],
    [" .", [" ", "."]],
    ["Grüße 👍🏽日本", ["Grüße", " ", "👍", "🏽", "日", "本"]],
    ["\u0000\r\n", ["\u0000", "\r\n"]],
  ])("splits %j", (given, want) => {
    expect(splitTokens(given)).toEqual(want);
  });

  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: fc.constantFrom("a", "Z", "é", " ", "\n", "7", "-", "👍", "日") }),
  );

  it("gives tokens that join to the text, are well formed, and are as many as are counted", () => {
    fc.assert(
      fc.property(text, (given) => {
        const tokens = splitTokens(given);
        expect(tokens.join("")).toBe(given);
        expect(tokens.every((token) => token !== "" && token.isWellFormed())).toBe(true);
        expect(countTokens(given)).toBe(tokens.length);
      }),
    );
  });

  it("counts the same in pieces", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (given, most) => {
        const pieces = [...splitPieces(given, most)];
        expect(pieces.join("")).toBe(given);
        expect(pieces.length).toBeLessThanOrEqual(most);
        expect(pieces.reduce((sum, piece) => sum + countTokens(piece), 0)).toBe(countTokens(given));
        expect(countTokens(takeTokens(given, most))).toBe(Math.min(most, countTokens(given)));
      }),
    );
  });

  it("survives surrogates without a partner", () => {
    expect(splitTokens("\ud800a\udc00")).toEqual(["\ud800", "a", "\udc00"]);
  });
});

it("counts a long text the same each time, and any number of them", () => {
  const texts = Array.from({ length: 200 }, (_, index) => `${index} ${"word, ".repeat(index * 8)}`);
  for (const content of [...texts, ...texts.toReversed(), ...texts])
    expect(countPromptTokens([{ role: "user", content }], [])).toBe(4 + countTokens(content));
});

it("counts a prompt with its roles, calls, attachments and tools", () => {
  const tool = { type: "function", function: { name: "f" } } as const;
  const count = countPromptTokens(
    [
      { role: "system", content: "Be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "data:" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
    ],
    [tool],
  );
  expect(count).toBe(4 + 2 + (4 + 1 + 85) + (4 + 1 + 2) + countTokens(JSON.stringify(tool)));
});

it("counts what a tool has shown", () => {
  const result: Message = { role: "tool", tool_call_id: "1", content: "a" };
  const shown = { ...result, origin: "server", media: [{ type: "image_url", image_url: { url: "data:" } }] };
  const least = countPromptTokens([result], []) ?? Infinity;
  expect(countPromptTokens([shown], [])).toBe(least + 85);
  expect([...toSlices([shown])]).toEqual([least + 85]);
});

/** Undefined for each turn that others have, and the count at the end. */
function toSlices(messages: readonly Message[], tools: readonly Tool[] = []): (number | undefined)[] {
  const counting = countInSlices(messages, tools);
  const slices: (number | undefined)[] = [];
  for (;;) {
    const { done, value } = counting.next();
    slices.push(value);
    if (done === true) return slices;
  }
}

it("leaves a prompt of megabytes to slices, which come to the same count", () => {
  const long = "word ".repeat(150_000);
  const texts = ["one ", "two "].map((text) => text.repeat(75_000));
  const tool: Tool = { type: "function", function: { name: "f", description: long } };
  const cases: [content: Extract<Message, { role: "user" }>["content"], tools: Tool[], texts: string[]][] = [
    [long, [], [long]],
    [texts.map((text) => ({ type: "text", text })), [], texts],
    ["Hi", [tool], ["Hi", JSON.stringify(tool)]],
  ];
  for (const [content, tools, counted] of cases) {
    const messages: Message[] = [{ role: "user", content }];
    expect(countPromptTokens(messages, tools)).toBeUndefined();
    const slices = toSlices(messages, tools);
    expect(slices.length).toBeGreaterThan(1);
    expect(slices.at(-1)).toBe(counted.reduce((sum, text) => sum + countTokens(text), 4));
  }
});

it("counts any prompt the same at once and in slices", () => {
  const content = fc.string({ maxLength: 3000 });
  const message: fc.Arbitrary<Message> = fc.oneof(
    content.map((text): Message => ({ role: "user", content: text })),
    content.map((text): Message => ({ role: "assistant", content: [{ type: "refusal", refusal: text }] })),
  );
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      expect(toSlices(messages)).toEqual([countPromptTokens(messages, [])]);
    }),
  );
});
