import type { Script } from "./servers/script.fixture.ts";
import type { UpstreamAnswer, UpstreamVendor } from "./servers/upstream.fixture.ts";

type Json = Readonly<Record<string, unknown>>;

/** A reasoning model that refuses, as its vendor does, a conversation in which what it has given is missing or altered. */
export interface Thinker {
  readonly name: string;
  readonly api: string;
  readonly vendor: UpstreamVendor;
  readonly model: string;
  /** Of its provider, where the address does not tell. */
  readonly compat?: object;
  /** What it says before it calls a tool. */
  readonly thinks: Script;
  /** A text that is in its state and in no other's. */
  readonly secret: string;
  /** What is wrong with a conversation that has been through a call, undefined if it is right. */
  readonly findFault: (body: Json) => string | undefined;
  /** The same of a conversation in which another model has called. */
  readonly findForeign?: (body: Json) => string | undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The last answer of a Chat Completions conversation that called a tool. */
function findCalling(body: Json): Json | undefined {
  const messages = body["messages"] as readonly Json[];
  return messages.findLast(({ role, tool_calls: calls }) => role === "assistant" && calls !== undefined);
}

function demandFields(fields: Json): Thinker["findFault"] {
  return (body) => {
    const calling = findCalling(body);
    return Object.keys(fields).find((key) => !isSame(calling?.[key], fields[key]));
  };
}

function toCompletionsThinker(name: string, secret: string, fields: Json, more: Partial<Thinker> = {}): Thinker {
  return {
    name,
    api: "openai-completions",
    vendor: "openai-chat",
    model: "thinker",
    thinks: [{ delta: fields }],
    secret,
    findFault: demandFields(fields),
    ...more,
  };
}

const details = [
  { type: "reasoning.text", text: "or-secret thoughts", signature: "b3I=", format: "anthropic-claude-v1", index: 0 },
  { type: "reasoning.encrypted", data: "or-encrypted", format: "anthropic-claude-v1", index: 1, id: null },
];

export const thinkers: readonly Thinker[] = [
  toCompletionsThinker("DeepSeek", "ds-secret", { reasoning_content: "ds-secret: look at the sky first." }),
  toCompletionsThinker("vLLM", "vllm-secret", { reasoning: "vllm-secret: look at the sky first." }),
  toCompletionsThinker("OpenRouter", "or-secret", { reasoning: "or-secret thoughts", reasoning_details: details }),
  toCompletionsThinker(
    "Gemini's compatible address",
    "gm-secret",
    {},
    {
      thinks: [{ delta: { extra_content: { google: { thought: true } } } }],
      findFault: (body) => {
        const [call] = (findCalling(body)?.["tool_calls"] ?? []) as readonly Json[];
        if (!isSame(findCalling(body)?.["extra_content"], { google: { thought: true } })) return "extra_content";
        return isSame(call?.["extra_content"], { google: { thought_signature: "gm-secret" } })
          ? undefined
          : "signature";
      },
    },
  ),
];

/** Calls the tool, and answers when it has the result. `findFault` decides what it refuses. */
export function toThinkerAnswer(
  thinker: Thinker,
  tool: { readonly name: string; readonly args: object },
): UpstreamAnswer {
  return ({ body }, count) => {
    if (count === 0) {
      const call = { id: `call_${thinker.secret.slice(0, 2)}1`, ...tool, signature: thinker.secret };
      return [...thinker.thinks, { call }];
    }
    const fault = thinker.findFault(body);
    return fault === undefined ? [{ text: "It is 7 degrees." }] : [{ status: 400 }];
  };
}
