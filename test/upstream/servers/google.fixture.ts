import type { FinishReason } from "../../../src/base/contract.ts";
import { refuseGoogle } from "./google-rules.fixture.ts";
import {
  type SaidStep,
  type ScriptedError,
  type ScriptedUsage,
  toArgumentText,
  upstreamSecret,
  type Wire,
  type WireAnswer,
} from "./script.fixture.ts";

const finishReasons: Readonly<Record<FinishReason | "error", string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  // Gemini says the same whether it called functions or not.
  tool_calls: "STOP",
  function_call: "STOP",
  content_filter: "SAFETY",
  error: "MALFORMED_FUNCTION_CALL",
};

const rpcStatuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function toError({ code, status = 500, message = upstreamSecret }: ScriptedError): object {
  return { code: status, message, status: code ?? rpcStatuses[status] ?? "UNKNOWN" };
}

function createAnswer({ path }: { readonly path: string }): WireAnswer {
  const model = /models\/([^:]+):/.exec(path)?.[1];
  let calls = 0;
  const toChunk = (candidate: object, usage: object): string => {
    const chunk = { candidates: [candidate], usageMetadata: usage, modelVersion: model, responseId: "scripted" };
    return `data: ${JSON.stringify(chunk)}\r\n\r\n`;
  };
  const toPart = (part: object): string =>
    toChunk({ content: { parts: [part], role: "model" }, index: 0 }, { promptTokenCount: 1, totalTokenCount: 1 });

  return {
    begin: () => "",
    say(step: SaidStep) {
      if ("text" in step) return toPart({ text: step.text });
      if ("refusal" in step) return toPart({ text: step.refusal });
      if ("reasoning" in step) {
        const signed = step.signature === undefined ? {} : { thoughtSignature: step.signature };
        return toPart({ text: step.reasoning, thought: true, ...signed });
      }
      if ("redacted" in step || "delta" in step) return "";
      const { id, name } = step.call;
      const text = toArgumentText(step.call);
      const args = text === "" ? {} : (JSON.parse(text) as object);
      calls += 1;
      // Of calls made together, only the first is signed.
      const signature = calls === 1 ? { thoughtSignature: step.call.signature ?? "c2lnbmVk" } : {};
      return toPart({ functionCall: { ...(id === "" ? {} : { id }), name, args }, ...signature });
    },
    finish: (reason, usage, word = finishReasons[reason]) =>
      toChunk({ content: { parts: [{ text: "" }], role: "model" }, finishReason: word, index: 0 }, toUsage(usage)),
    error: (error) => `data: ${JSON.stringify({ error: toError(error) })}\r\n\r\n`,
  };
}

/** Thoughts are not among the candidates' tokens. */
function toUsage(usage: ScriptedUsage | undefined): object {
  if (usage === undefined) return {};
  const { prompt, completion, cached, reasoning = 0 } = usage;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completion - reasoning,
    totalTokenCount: prompt + completion,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    ...(cached === undefined ? {} : { cachedContentTokenCount: cached }),
    ...(reasoning === 0 ? {} : { thoughtsTokenCount: reasoning }),
  };
}

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export const googleWire: Wire = {
  basePath: "/v1beta",
  isEndpoint: (method, path) =>
    method === "POST" && /^\/v1beta\/models\/[^/:]+:streamGenerateContent\?alt=sse$/.test(path),
  refuse: refuseGoogle,
  createAnswer,
  toErrorBody: (status, error) => ({ error: toError({ ...error, status }) }),
};
