import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type HeaderKey,
  isAgentId,
  parseHeaderKey,
  toChatKey,
  toHeaderKey,
  toHeaderText,
  toStatelessKey,
  toUserKey,
} from "./key.ts";

const agentIds = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/);
/** Any string at all, lone surrogates and control characters too, and often one that looks like a key. */
const texts = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "",
    "openai:",
    "openai-user:",
    "openai-chat:",
    "openai-chat:alice",
    "openai-user:alice",
    "agent:main:x",
    "main:openai-user:alice",
  ),
  fc.string().map((text) => `agent:main:${text}`),
);
const headerTexts = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,80}[\x21-\x7e])?$/);

function accepted(value: string): HeaderKey | undefined {
  try {
    return parseHeaderKey(value);
  } catch {
    return undefined;
  }
}

const makers = { user: toUserKey, chat: toChatKey, header: toHeaderKey };

function toKey(agentId: string, kind: keyof typeof makers, text: string): string {
  return makers[kind](agentId, text);
}

describe("session keys", () => {
  test("have the forms of the contract", () => {
    expect(toStatelessKey("main")).toMatch(/^agent:main:openai:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(toStatelessKey("main")).not.toBe(toStatelessKey("main"));
    expect(toUserKey("beta", "Alice")).toBe("agent:beta:openai-user:Alice");
    expect(toChatKey("beta", "5f0c")).toBe("agent:beta:openai-chat:5f0c");
    expect(toHeaderKey("beta", "support-4711")).toBe("agent:beta:support-4711");
  });

  test("are equal only for the same agent, kind and text", () => {
    const addresses = fc.oneof(
      fc.record({ agentId: agentIds, kind: fc.constantFrom("user" as const, "chat" as const), text: texts }),
      fc.record({
        agentId: agentIds,
        kind: fc.constant("header" as const),
        text: headerTexts.filter((text) => accepted(text)?.key === text),
      }),
    );
    fc.assert(
      fc.property(addresses, addresses, (a, b) => {
        const isSame = a.agentId === b.agentId && a.kind === b.kind && a.text === b.text;
        expect(toKey(a.agentId, a.kind, a.text) === toKey(b.agentId, b.kind, b.text)).toBe(isSame);
      }),
    );
  });

  test.each([toUserKey, toChatKey])("of a header are never those of a user or chat, whatever both say", (toKindKey) => {
    fc.assert(
      fc.property(agentIds, agentIds, texts, fc.oneof(texts, headerTexts), (agentId, other, text, value) => {
        const kindKey = toKindKey(agentId, text);
        for (const attempt of [value, kindKey, kindKey.toUpperCase()]) {
          const header = accepted(attempt);
          if (header === undefined) continue;
          expect(toHeaderKey(header.agentId ?? other, header.key)).not.toBe(kindKey);
        }
      }),
    );
  });
});

describe("parseHeaderKey", () => {
  const accepts: readonly { readonly given: string; readonly want: HeaderKey }[] = [
    { given: "support-4711", want: { key: "support-4711" } },
    { given: "two words", want: { key: "two words" } },
    { given: "../../etc/passwd", want: { key: "../../etc/passwd" } },
    { given: "a".repeat(256), want: { key: "a".repeat(256) } },
    { given: "agent:beta:x", want: { agentId: "beta", key: "x" } },
    { given: "agent:beta:agent:main:x", want: { agentId: "beta", key: "agent:main:x" } },
    { given: "AGENT:beta:x", want: { key: "AGENT:beta:x" } },
    { given: "agent:no spaces:x", want: { key: "agent:no spaces:x" } },
    { given: "agent:beta", want: { key: "agent:beta" } },
    { given: "openai", want: { key: "openai" } },
    { given: "my-openai:x", want: { key: "my-openai:x" } },
  ];
  test.each(accepts)("accepts $given", ({ given, want }) => {
    expect(parseHeaderKey(given)).toEqual(want);
  });

  const refuses: readonly string[] = [
    "",
    " ",
    " a",
    "a ",
    "a\tb",
    "a\r\nb",
    "a\n",
    "a\0",
    "é",
    "a\u007f",
    "a".repeat(257),
    "agent:beta:",
    "agent:beta: x",
    "agent:beta:openai:1",
    "agent:beta:Hook:1",
    "subagent:x",
    "cron:x",
    "acp:x",
    "hook:x",
    "openai:x",
    "openai-user:x",
    "OpenAI-User:x",
    "openai-chat:x",
    "agent:beta:openai-chat:x",
    "CRON:",
  ];
  test.each(refuses)("refuses %j", (given) => {
    expect(() => parseHeaderKey(given)).toThrow(
      expect.objectContaining({ code: "invalid_session_key", param: "x-openclaw-session-key" }),
    );
  });
});

describe("toHeaderText", () => {
  const cases: readonly { readonly given: string; readonly want: string }[] = [
    { given: "agent:main:openai-user:a b", want: "agent:main:openai-user:a b" },
    { given: "agent:main:openai-user:a%20b", want: "agent:main:openai-user:a%2520b" },
    { given: "agent:main:openai-user:a ", want: "agent:main:openai-user:a%20" },
    { given: "agent:main:openai-user:é (1)", want: "agent:main:openai-user:%C3%A9%20%281%29" },
    { given: "agent:main:openai-user:\r\nset-cookie: a", want: "agent:main:openai-user:%0D%0Aset-cookie%3A%20a" },
    { given: "agent:main:openai-user:\ud800", want: "agent:main:openai-user:%EF%BF%BD" },
    { given: "agent:main:openai-chat:a%20b", want: "agent:main:openai-chat:a%2520b" },
    { given: "agent:main:openai-chat:é", want: "agent:main:openai-chat:%C3%A9" },
    { given: "agent:main:küche", want: "agent:main:k%C3%BCche" },
    { given: "küche", want: "k%C3%BCche" },
  ];
  test.each(cases)("shows $given as $want", ({ given, want }) => {
    expect(toHeaderText(given)).toBe(want);
  });

  test("is always one line of visible ASCII", () => {
    fc.assert(
      fc.property(agentIds, texts, (agentId, user) => {
        expect(toHeaderText(toUserKey(agentId, user))).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
      }),
    );
  });

  test.for<[what: string, user: string]>([
    ["as many characters as a key may have, of two bytes", "é".repeat(512)],
    ["of three bytes", "東".repeat(512)],
    ["of four bytes", "😀".repeat(256)],
    ["of ASCII", `${"a ".repeat(1000)}b`],
    ["a percent sign", `%${"a".repeat(594)}`],
  ])("is never long: %s", ([, user]) => {
    for (let more = 0; more < 4; more++) {
      const shown = ["1", "2"].map((end) => toHeaderText(toUserKey("main", `${"a".repeat(more)}${user}${end}`)));
      for (const text of shown) {
        expect(text.length).toBeLessThanOrEqual(600);
        expect(text).toMatch(/^agent:main:openai-user:(?:[\x21-\x24\x26-\x7e]| (?!~)|%[0-9A-F]{2})+~[0-9a-f]{16}$/);
      }
      expect(shown[0]).not.toBe(shown[1]);
    }
  });

  test("is whole up to 512 ASCII characters of a user, whoever the agent is", () => {
    const key = toUserKey("x".repeat(64), "y".repeat(512));
    expect(toHeaderText(key)).toBe(key);
  });

  test("leads a client back to its header's session", () => {
    fc.assert(
      fc.property(agentIds, headerTexts, (defaultAgent, value) => {
        const header = accepted(value);
        fc.pre(header !== undefined);
        const agentId = header.agentId ?? defaultAgent;
        expect(parseHeaderKey(toHeaderText(toHeaderKey(agentId, header.key)))).toEqual({ agentId, key: header.key });
      }),
    );
  });
});

test("isAgentId knows the alphabet and the length", () => {
  for (const id of ["main", "A", "0", "a-b_c", "a".repeat(64)]) expect(isAgentId(id), id).toBe(true);
  for (const id of ["", "-a", "_a", "a:b", "a b", "é", "a\n", "../a", "a".repeat(65)]) {
    expect(isAgentId(id), id).toBe(false);
  }
});
