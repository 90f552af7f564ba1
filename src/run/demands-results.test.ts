import { describe, expect, test } from "vitest";
import type { Message } from "../base/contract.ts";
import { assertToolResultsBound } from "./demands.ts";

const user: Message = { role: "user", content: "hi" };
const system: Message = { role: "system", content: "Be brief." };
const result = (id: string): Message => ({ role: "tool", tool_call_id: id, content: "42" });
const calls = (...ids: string[]): Message => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } })),
});
const custom: Message = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "x", type: "custom", custom: { name: "f", input: "" } }],
};

describe("a tool result is bound", () => {
  const bound: readonly { readonly name: string; readonly history: readonly Message[] }[] = [
    { name: "where there is none", history: [user] },
    { name: "to the call before it", history: [user, calls("a"), result("a")] },
    { name: "to a call some turns before it", history: [calls("a"), user, calls("b"), result("a"), result("b")] },
    { name: "to one of several calls, in any order", history: [calls("a", "b"), result("b"), result("a")] },
    { name: "to a custom tool's call", history: [custom, result("x")] },
    { name: "twice to one call", history: [calls("a"), result("a"), result("a")] },
  ];
  test.each(bound)("$name", ({ history }) => {
    expect(() => assertToolResultsBound(history, history)).not.toThrow();
  });

  test("to a call that the session remembers", () => {
    const sent = [result("a")];
    expect(() => assertToolResultsBound([user, calls("a"), ...sent], sent)).not.toThrow();
  });
});

describe("a tool result bound to no call is refused", () => {
  const unbound: readonly { readonly name: string; readonly sent: readonly Message[]; readonly place: number }[] = [
    { name: "alone", sent: [result("a")], place: 0 },
    { name: "after a call of another id", sent: [user, calls("a"), result("b")], place: 2 },
    { name: "after a call whose id differs in case", sent: [calls("a"), result("A")], place: 1 },
    { name: "before its call", sent: [result("a"), calls("a")], place: 0 },
    {
      name: "after an answer without calls",
      sent: [user, { role: "assistant", content: "no" }, result("a")],
      place: 2,
    },
    { name: "behind a bound one", sent: [calls("a"), result("a"), user, result("b")], place: 3 },
    { name: "after a custom call of another id", sent: [custom, result("y")], place: 1 },
  ];
  test.each(unbound)("$name", ({ sent, place }) => {
    const param = `messages[${place}].tool_call_id`;
    expect(() => assertToolResultsBound(sent, sent)).toThrow(
      expect.objectContaining({ code: "invalid_value", status: 400, param }),
    );
  });

  test("with its place in what the client sent, instructions included", () => {
    const sent = [system, user, result("a")];
    expect(() => assertToolResultsBound([user, calls("b"), user, sent[2] as Message], sent)).toThrow(
      expect.objectContaining({ param: "messages[2].tool_call_id" }),
    );
  });

  test("with no more than 64 characters of its id", () => {
    const sent = [result("x".repeat(100))];
    expect(() => assertToolResultsBound(sent, sent)).toThrow(new RegExp(`'x{64}'`));
  });
});
