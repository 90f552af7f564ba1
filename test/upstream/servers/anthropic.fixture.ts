import type { FinishReason } from "../../../src/base/contract.ts";
import { refuseAnthropic } from "./anthropic-rules.fixture.ts";
import {
  type SaidStep,
  type ScriptedError,
  type ScriptedUsage,
  toArgumentText,
  toPieces,
  upstreamSecret,
  type Wire,
  type WireAnswer,
} from "./script.fixture.ts";

const stopReasons: Readonly<Record<FinishReason | "error", string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  function_call: "tool_use",
  content_filter: "refusal",
  // The Messages API has no such reason: errors are events.
  error: "end_turn",
};

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function toEvent(value: { readonly type: string }): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
}

function toError({ code, status = 500, message = upstreamSecret }: ScriptedError): object {
  return { type: code ?? errorTypes[status] ?? "api_error", message };
}

function createAnswer({ body }: { readonly body: Readonly<Record<string, unknown>> }): WireAnswer {
  let index = -1;
  let open: "text" | "thinking" | undefined;
  let signature = "c2lnbmVk";

  const start = (block: object): string => {
    index += 1;
    return toEvent({ type: "content_block_start", index, content_block: block } as { type: string });
  };
  const delta = (value: object): string =>
    toEvent({ type: "content_block_delta", index, delta: value } as { type: string });
  const stop = (): string => toEvent({ type: "content_block_stop", index } as { type: string });
  const close = (): string => {
    const signed = open === "thinking" ? delta({ type: "signature_delta", signature }) : "";
    const end = open === undefined ? "" : signed + stop();
    open = undefined;
    return end;
  };
  const say = (kind: "text" | "thinking", empty: object, said: object): string => {
    const head = open === kind ? "" : close() + start({ type: kind, ...empty });
    open = kind;
    return head + delta(said);
  };

  return {
    begin: () =>
      toEvent({
        type: "message_start",
        message: {
          id: "msg_01scripted",
          type: "message",
          role: "assistant",
          model: body["model"],
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
        },
      } as { type: string }) + toEvent({ type: "ping" }),
    say(step: SaidStep) {
      if ("text" in step) return say("text", { text: "" }, { type: "text_delta", text: step.text });
      if ("refusal" in step) return say("text", { text: "" }, { type: "text_delta", text: step.refusal });
      if ("reasoning" in step) {
        const said = say(
          "thinking",
          { thinking: "", signature: "" },
          { type: "thinking_delta", thinking: step.reasoning },
        );
        if (step.signature === undefined) return said;
        ({ signature } = step);
        return said + close();
      }
      if ("redacted" in step) return close() + start({ type: "redacted_thinking", data: step.redacted }) + stop();
      if ("delta" in step) return "";
      const { id, name } = step.call;
      return [
        close(),
        start({ type: "tool_use", id, name, input: {} }),
        delta({ type: "input_json_delta", partial_json: "" }),
        ...toPieces(toArgumentText(step.call)).map((piece) => delta({ type: "input_json_delta", partial_json: piece })),
        stop(),
      ].join("");
    },
    finish: (reason, usage, word = stopReasons[reason]) =>
      close() +
      toEvent({
        type: "message_delta",
        delta: { stop_reason: word, stop_sequence: null },
        usage: toUsage(usage),
      } as { type: string }) +
      toEvent({ type: "message_stop" }),
    error: (error) => toEvent({ type: "error", error: toError(error) } as { type: string }),
  };
}

/** Of the prompt, `input_tokens` counts only what was not read from the cache. */
function toUsage(usage: ScriptedUsage | undefined): object {
  if (usage === undefined) return { output_tokens: 0 };
  const { prompt, completion, cached = 0, reasoning } = usage;
  return {
    input_tokens: prompt - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: completion,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
  };
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export const anthropicWire: Wire = {
  basePath: "/v1",
  isEndpoint: (method, path) => method === "POST" && path === "/v1/messages",
  refuse: refuseAnthropic,
  createAnswer,
  toErrorBody: (status, error) => ({
    type: "error",
    error: toError({ ...error, status }),
    request_id: "req_011scripted",
  }),
};
