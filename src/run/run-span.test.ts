import { expect, test } from "vitest";
import { operator, type Principal } from "../base/principal.ts";
import type { SpanAttributes, Tracing } from "../base/telemetry/tracing.ts";
import { toNamespace } from "../session/key.ts";
import { createModel, toAgent } from "./model.fixture.ts";
import { startRunSpan } from "./run-span.ts";

/** What the span of a run of this principal calls its conversation. */
function toConversation(principal: Principal): unknown {
  const seen: SpanAttributes[] = [];
  const start = (_name: string, _side: string, _parent: unknown, attributes: SpanAttributes): void => {
    seen.push(attributes);
  };
  const tracing = { start } as unknown as Tracing;
  const session = { key: "agent:main:openai-user:ada", kept: true };
  startRunSpan(tracing, { agent: toAgent([createModel([])]), session, principal }, "run_1");
  return seen[0]?.["gen_ai.conversation.id"];
}

const withSessions = (name: string): Principal => ({ ...operator, name, namespace: toNamespace(name) });

test("two keys with sessions of their own have different conversations, whatever they call them", () => {
  const found = [operator, withSessions("a"), withSessions("b")].map(toConversation);
  expect(new Set(found).size).toBe(3);
  expect(toConversation({ ...operator, name: "shared" })).toBe(found[0]);
});
