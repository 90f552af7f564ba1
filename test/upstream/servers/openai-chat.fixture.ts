import { refuseMistral } from "./mistral-rules.fixture.ts";
import { refuseChat } from "./openai-chat-rules.fixture.ts";
import {
  type SaidStep,
  type ScriptedCall,
  type ScriptedUsage,
  toArgumentText,
  toPieces,
  type Wire,
  type WireAnswer,
} from "./script.fixture.ts";
import { toOpenAiError } from "./openai-error.fixture.ts";

type Choice = Readonly<Record<string, unknown>>;

function createAnswer({ body }: { readonly body: Readonly<Record<string, unknown>> }): WireAnswer {
  const asked = (body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  const head = {
    id: "chatcmpl-scripted",
    created: 1760000000,
    model: body["model"],
    system_fingerprint: "fp_scripted",
  };
  let calls = 0;

  const toChunk = (choices: readonly Choice[], more: object = asked ? { usage: null } : {}): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const toDelta = (delta: object, reason: string | null = null): string =>
    toChunk([{ index: 0, delta, logprobs: null, finish_reason: reason }]);

  return {
    begin: () => toDelta({ role: "assistant", content: "", refusal: null }),
    say(step) {
      if ("text" in step) return toDelta({ content: step.text });
      if ("refusal" in step) return toDelta({ refusal: step.refusal });
      // Not OpenAI's, but of DeepSeek, vLLM, llama.cpp and others.
      if ("reasoning" in step) return toDelta({ reasoning_content: step.reasoning });
      if ("delta" in step) return toDelta(step.delta);
      if ("redacted" in step) return "";
      const index = calls;
      calls += 1;
      const [kind, key] = toKind(step.call);
      const { id, name } = step.call;
      const first = toDelta({
        tool_calls: [{ index, id, type: kind, [kind]: { name, [key]: "" }, ...toExtra(step.call) }],
      });
      const rest = toPieces(toArgumentText(step.call)).map((piece) =>
        toDelta({ tool_calls: [{ index, [kind]: { [key]: piece } }] }),
      );
      return [first, ...rest].join("");
    },
    finish: (reason, usage, word = reason) =>
      toDelta({}, word) +
      (asked && usage !== undefined ? toChunk([], { usage: toUsage(usage) }) : "") +
      "data: [DONE]\n\n",
    error: (error) => `data: ${JSON.stringify({ error: toOpenAiError(error) })}\n\n`,
    whole: (said, reason, usage, word = reason) => ({
      ...head,
      object: "chat.completion",
      choices: [{ index: 0, message: toMessage(said), logprobs: null, finish_reason: word }],
      ...(usage === undefined ? {} : { usage: toUsage(usage) }),
    }),
  };
}

function toKind({ kind = "function" }: ScriptedCall): ["function", "arguments"] | ["custom", "input"] {
  return kind === "function" ? ["function", "arguments"] : ["custom", "input"];
}

function toMessage(said: readonly SaidStep[]): object {
  const text = said.map((step) => ("text" in step ? step.text : "")).join("");
  const reasoning = said.map((step) => ("reasoning" in step ? step.reasoning : "")).join("");
  const refusal = said.map((step) => ("refusal" in step ? step.refusal : "")).join("");
  const calls = said.flatMap((step) => ("call" in step ? [step.call] : []));
  return {
    role: "assistant",
    content: text === "" ? null : text,
    refusal: refusal === "" ? null : refusal,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...Object.assign({}, ...said.map((step) => ("delta" in step ? step.delta : {}))),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(toWholeCall) }),
  };
}

function toWholeCall(call: ScriptedCall): object {
  const [kind, key] = toKind(call);
  return { id: call.id, type: kind, [kind]: { name: call.name, [key]: toArgumentText(call) }, ...toExtra(call) };
}

/** Gemini's, behind its OpenAI-compatible address. */
function toExtra({ signature }: ScriptedCall): object {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

function toUsage({ prompt, completion, cached, reasoning }: ScriptedUsage): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached ?? 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning ?? 0, audio_tokens: 0 },
  };
}

/** https://platform.openai.com/docs/api-reference/chat-streaming */
export const openAiChatWire: Wire = {
  basePath: "/v1",
  isEndpoint: (method, path) => method === "POST" && path === "/v1/chat/completions",
  refuse: refuseChat,
  createAnswer,
  toErrorBody: (status, error) => ({ error: toOpenAiError({ ...error, status }) }),
};

/** https://docs.mistral.ai/api: the same wire, with rules of its own. */
export const mistralWire: Wire = { ...openAiChatWire, refuse: refuseMistral };
