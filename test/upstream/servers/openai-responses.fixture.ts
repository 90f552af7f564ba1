import type { FinishReason } from "../../../src/base/contract.ts";
import { toOpenAiError } from "./openai-error.fixture.ts";
import { refuseResponses } from "./openai-responses-rules.fixture.ts";
import {
  type SaidStep,
  type ScriptedCall,
  type ScriptedUsage,
  toArgumentText,
  toPieces,
  upstreamSecret,
  type Wire,
  type WireAnswer,
} from "./script.fixture.ts";

type PartKind = "output_text" | "refusal" | "summary_text";

interface OpenItem {
  readonly kind: PartKind;
  readonly id: string;
  text: string;
  encrypted?: string;
}

/** Between `added` and `done` of a part and of its item stand the deltas of the part. */
const deltaEvents: Readonly<Record<PartKind, string>> = {
  output_text: "response.output_text",
  refusal: "response.refusal",
  summary_text: "response.reasoning_summary_text",
};

const incomplete: Readonly<Partial<Record<FinishReason | "error", string>>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

function createAnswer({ body }: { readonly body: Readonly<Record<string, unknown>> }): WireAnswer {
  const output: object[] = [];
  let sequence = -1;
  let open: OpenItem | undefined;

  const toEvent = (type: string, more: object): string => {
    sequence += 1;
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...more })}\n\n`;
  };
  const toResponse = (status: string, more: object = {}): object => ({
    id: "resp_scripted",
    object: "response",
    created_at: 1760000000,
    status,
    error: null,
    incomplete_details: null,
    model: body["model"],
    output,
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    usage: null,
    ...more,
  });
  const place = (): object => ({ output_index: output.length });

  const start = (kind: PartKind): string => {
    const summary = kind === "summary_text";
    const id = `${summary ? "rs" : "msg"}_scripted${output.length}`;
    open = { kind, id, text: "" };
    const item = summary
      ? { id, type: "reasoning", summary: [] }
      : { id, type: "message", status: "in_progress", role: "assistant", content: [] };
    const part =
      kind === "refusal" ? { type: kind, refusal: "" } : { type: kind, text: "", annotations: [], logprobs: [] };
    const at = { item_id: id, ...place() };
    return (
      toEvent("response.output_item.added", { ...place(), item }) +
      (summary
        ? toEvent("response.reasoning_summary_part.added", { ...at, summary_index: 0, part })
        : toEvent("response.content_part.added", { ...at, content_index: 0, part }))
    );
  };
  const say = (kind: PartKind, text: string): string => {
    const head = open?.kind === kind ? "" : close() + start(kind);
    if (open !== undefined) open.text += text;
    const index = kind === "summary_text" ? { summary_index: 0 } : { content_index: 0 };
    const more = { item_id: open?.id, ...place(), ...index, delta: text };
    return head + toEvent(`${deltaEvents[kind]}.delta`, kind === "output_text" ? { ...more, logprobs: [] } : more);
  };
  const close = (): string => {
    if (open === undefined) return "";
    const { kind, id, text, encrypted } = open;
    open = undefined;
    const at = { item_id: id, ...place() };
    const part = kind === "refusal" ? { type: kind, refusal: text } : { type: kind, text };
    const item =
      kind === "summary_text"
        ? {
            id,
            type: "reasoning",
            summary: [part],
            ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
          }
        : { id, type: "message", status: "completed", role: "assistant", content: [part] };
    const events =
      kind === "summary_text"
        ? toEvent(`${deltaEvents[kind]}.done`, { ...at, summary_index: 0, text }) +
          toEvent("response.reasoning_summary_part.done", { ...at, summary_index: 0, part })
        : toEvent(`${deltaEvents[kind]}.done`, {
            ...at,
            content_index: 0,
            [kind === "refusal" ? kind : "text"]: text,
          }) + toEvent("response.content_part.done", { ...at, content_index: 0, part });
    const done = toEvent("response.output_item.done", { ...place(), item });
    output.push(item);
    return events + done;
  };
  const call = (scripted: ScriptedCall): string => {
    const { id: callId, name, kind = "function" } = scripted;
    const text = toArgumentText(scripted);
    const id = `${kind === "function" ? "fc" : "ctc"}_scripted${output.length}`;
    const key = kind === "function" ? "arguments" : "input";
    const event = kind === "function" ? "response.function_call_arguments" : "response.custom_tool_call_input";
    const item = { id, type: kind === "function" ? "function_call" : "custom_tool_call", call_id: callId, name };
    const at = { item_id: id, ...place() };
    const events = [
      close(),
      toEvent("response.output_item.added", { ...place(), item: { ...item, status: "in_progress", [key]: "" } }),
      ...toPieces(text).map((piece) => toEvent(`${event}.delta`, { ...at, delta: piece })),
      toEvent(`${event}.done`, { ...at, [key]: text }),
      toEvent("response.output_item.done", { ...place(), item: { ...item, status: "completed", [key]: text } }),
    ];
    output.push({ ...item, status: "completed", [key]: text });
    return events.join("");
  };

  return {
    begin: () =>
      toEvent("response.created", { response: toResponse("in_progress") }) +
      toEvent("response.in_progress", { response: toResponse("in_progress") }),
    say(step: SaidStep) {
      if ("text" in step) return say("output_text", step.text);
      if ("refusal" in step) return say("refusal", step.refusal);
      if ("reasoning" in step) {
        const said = say("summary_text", step.reasoning);
        if (step.signature === undefined || open === undefined) return said;
        open.encrypted = step.signature;
        return said + close();
      }
      if ("redacted" in step || "delta" in step) return "";
      return call(step.call);
    },
    finish(reason, usage, word) {
      const counted = { usage: usage === undefined ? null : toUsage(usage) };
      const end = close();
      if (reason === "error") return end + toFailed({ code: "server_error" }, counted);
      const why = word ?? incomplete[reason];
      return why === undefined
        ? end + toEvent("response.completed", { response: toResponse("completed", counted) })
        : end +
            toEvent("response.incomplete", {
              response: toResponse("incomplete", { ...counted, incomplete_details: { reason: why } }),
            });
    },
    error: (error) => toFailed(error, {}),
  };

  function toFailed({ code = "server_error" }: { readonly code?: string }, more: object): string {
    return toEvent("response.failed", {
      response: toResponse("failed", { ...more, error: { code, message: upstreamSecret } }),
    });
  }
}

function toUsage({ prompt, completion, cached = 0, reasoning = 0 }: ScriptedUsage): object {
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: completion,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + completion,
  };
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const openAiResponsesWire: Wire = {
  basePath: "/v1",
  isEndpoint: (method, path) => method === "POST" && path === "/v1/responses",
  refuse: refuseResponses,
  createAnswer,
  toErrorBody: (status, error) => ({ error: toOpenAiError({ ...error, status }) }),
};
