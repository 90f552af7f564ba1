import { pick } from "../breadth.fixture.ts";
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

function mistralThought(text: string): object {
  return { type: "thinking", thinking: [{ type: "text", text }] };
}

const details = [
  { type: "reasoning.text", text: "or-secret thoughts", signature: "b3I=", format: "anthropic-claude-v1", index: 0 },
  { type: "reasoning.encrypted", data: "or-encrypted", format: "anthropic-claude-v1", index: 1, id: null },
];

const blocks = [
  { type: "thinking", thinking: "ll-secret thoughts", signature: "bGw=" },
  { type: "redacted_thinking", data: "ll-redacted" },
];

const all: readonly Thinker[] = [
  toCompletionsThinker("LiteLLM", "ll-secret", { reasoning_content: "ll-secret thoughts", thinking_blocks: blocks }),
  toCompletionsThinker(
    "DeepSeek",
    "ds-secret",
    { reasoning_content: "ds-secret: look at the sky first." },
    {
      compat: { requiresReasoningContent: true },
      findForeign: (body) => (findCalling(body)?.["reasoning_content"] ? undefined : "reasoning_content is missing"),
    },
  ),
  {
    name: "Mistral",
    api: "openai-completions",
    vendor: "mistral",
    model: "magistral-medium-latest",
    thinks: [
      { delta: { content: [mistralThought("mi-secret: look ")] } },
      { delta: { content: [mistralThought("up.")] } },
    ],
    secret: "mi-secret",
    findFault: (body) =>
      isSame(findCalling(body)?.["content"], [mistralThought("mi-secret: look up.")]) ? undefined : "content",
  },
  toCompletionsThinker("vLLM", "vllm-secret", { reasoning: "vllm-secret: look at the sky first." }),
  toCompletionsThinker("OpenRouter", "or-secret", { reasoning: "or-secret thoughts", reasoning_details: details }),
  toCompletionsThinker(
    "Gemini's calls",
    "gc-secret",
    {},
    {
      findFault: (body) => {
        const [call] = (findCalling(body)?.["tool_calls"] ?? []) as readonly Json[];
        return isSame(call?.["extra_content"], { google: { thought_signature: "gc-secret" } })
          ? undefined
          : "signature";
      },
    },
  ),
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
  {
    name: "Claude",
    api: "anthropic-messages",
    vendor: "anthropic",
    model: "claude-sonnet-4-5",
    thinks: [
      { reasoning: "cl-secret: look at the sky", signature: "Y2w=" },
      { redacted: "Y2wtcmVkYWN0ZWQ=" },
      { text: "Let me look." },
      { reasoning: "cl-secret: now the tool", signature: "Y2wy" },
    ],
    secret: "cl-secret",
    findFault: ({ thinking, messages }) => {
      const first = (messages as readonly Json[]).find(({ role }) => role === "assistant");
      const content = ((first?.["content"] ?? []) as readonly Json[]).filter(({ type }) => type !== "tool_use");
      const given = [
        { type: "thinking", thinking: "cl-secret: look at the sky", signature: "Y2w=" },
        { type: "redacted_thinking", data: "Y2wtcmVkYWN0ZWQ=" },
        { type: "text", text: "Let me look." },
        { type: "thinking", thinking: "cl-secret: now the tool", signature: "Y2wy" },
      ];
      if ((thinking as Json | undefined)?.["type"] !== "enabled") return "it was told not to think";
      return isSame(content, given) ? undefined : "the thinking blocks are not as they were";
    },
    findForeign: ({ thinking, messages }) => {
      const [first] = (messages as readonly Json[]).flatMap(({ role, content }) =>
        role === "assistant" ? content : [],
      );
      const isThought = /thinking/.test(String((first as Json)["type"]));
      return thinking !== undefined && !isThought ? "Expected `thinking`, but found `tool_use`" : undefined;
    },
  },
  {
    name: "Gemini",
    api: "google-generative-ai",
    vendor: "google",
    model: "gemini-3-pro-preview",
    thinks: [{ reasoning: "gg-secret: look at the sky", signature: "Z2dy" }, { text: "Let me look." }],
    secret: "gg-secret",
    findFault: ({ contents }) => {
      const first = (contents as readonly Json[]).find(({ role }) => role === "model");
      const [thought, text, call] = (first?.["parts"] ?? []) as readonly Json[];
      if (!isSame(thought, { text: "gg-secret: look at the sky", thought: true, thoughtSignature: "Z2dy" }))
        return "thought";
      if (text?.["text"] !== "Let me look.") return "text";
      return call?.["thoughtSignature"] === "gg-secret" ? undefined : "signature";
    },
    findForeign: ({ contents }) => {
      const parts = (contents as readonly Json[]).flatMap(({ parts: own }) => own as readonly Json[]);
      const call = parts.find((part) => "functionCall" in part);
      return call?.["thoughtSignature"] === "skip_thought_signature_validator" ? undefined : "signature";
    },
  },
  {
    name: "OpenAI's Responses",
    api: "openai-responses",
    vendor: "openai-responses",
    model: "gpt-5",
    thinks: [
      { reasoning: "rs-secret: look at the sky", signature: "cnM=" },
      { text: "Let me look." },
      { reasoning: "rs-secret: now the tool", signature: "cnMy" },
    ],
    secret: "rs-secret",
    findFault: ({ input }) => {
      const items = (input as readonly Json[]).slice(1, -1);
      const toItem = (text: string, id: string, encrypted: string): object => ({
        type: "reasoning",
        id,
        encrypted_content: encrypted,
        summary: [{ type: "summary_text", text }],
      });
      const given = [
        toItem("rs-secret: look at the sky", "rs_scripted0", "cnM="),
        { role: "assistant", content: "Let me look." },
        toItem("rs-secret: now the tool", "rs_scripted2", "cnMy"),
      ];
      const isCall = items.at(-1)?.["type"] === "function_call";
      return isCall && isSame(sortKeys(items.slice(0, -1)), sortKeys(given))
        ? undefined
        : "the items are not as they were";
    },
  },
];

/** Who speaks the same API differs in the names of fields; Mistral in their form too. */
export const thinkers = pick(all, ({ api, vendor }) => `${api} ${vendor}`);

function sortKeys(values: readonly object[]): object[] {
  return values.map((value) => Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

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
    return fault === undefined
      ? [{ text: "It is 7 degrees." }]
      : [{ status: 400, body: { error: { message: fault } } }];
  };
}

/** Goes on with what another model has begun. */
export function toForeignAnswer({ findForeign }: Thinker): UpstreamAnswer {
  return ({ body }) => {
    const fault = findForeign?.(body);
    return fault === undefined
      ? [{ text: "It is 8 degrees." }]
      : [{ status: 400, body: { error: { message: fault } } }];
  };
}
