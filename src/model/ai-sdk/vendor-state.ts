import type { JSONObject, LanguageModelV4ReasoningPart } from "@ai-sdk/provider";
import type { ExtraContent, ReasoningDetail } from "../../base/model-state.ts";

/** A piece of reasoning as a package gives it: its text, and what only its vendor reads. */
export interface Thought {
  readonly text: string;
  readonly metadata: JSONObject;
}

/**
 * How the state of one vendor's models stands in an answer, in the words that OpenRouter and Google have for it, and how
 * it goes back. What the vendor does not want back, or would not take, has no words.
 */
export interface StateForm {
  /** Under which its package gives and takes what is only the vendor's. */
  readonly key: string;
  /** The models that, while they think, take no round of tools that did not begin with a thought of theirs. */
  readonly thinksFirst?: RegExp;
  toDetails(thought: Thought): ReasoningDetail[];
  /** Of the details in a row that are one thought. */
  toThoughts(details: readonly ReasoningDetail[]): Thought[];
  /** What comes with a text or a call. */
  toExtra(metadata: JSONObject): ExtraContent | undefined;
  fromExtra(extra: ExtraContent): JSONObject | undefined;
}

const anthropicFormat = "anthropic-claude-v1";

/** Thinking blocks; one without a signature is refused. */
export const anthropicState: StateForm = {
  key: "anthropic",
  // Later ones decide by themselves when to think.
  thinksFirst: /claude-(?:3|(?:opus|sonnet|haiku)-4-(?:[015]\b|2025))/,
  toDetails({ text, metadata: { signature, redactedData } }) {
    if (typeof redactedData === "string") {
      return [{ type: "reasoning.encrypted", data: redactedData, format: anthropicFormat }];
    }
    return typeof signature === "string" ? [{ type: "reasoning.text", text, signature, format: anthropicFormat }] : [];
  },
  toThoughts: (details) =>
    details.flatMap((detail) => {
      const { text, signature, data } = readDetail(detail, anthropicFormat);
      if (data !== undefined) return { text: "", metadata: { redactedData: data } };
      return signature === undefined ? [] : { text: text ?? "", metadata: { signature } };
    }),
  toExtra: () => undefined,
  fromExtra: () => undefined,
};

const googleFormat = "google-gemini-v1";

/** Signatures of thoughts, texts and calls, the last two as at Google's own OpenAI-compatible address. */
export const googleState: StateForm = {
  key: "google",
  toDetails({ text, metadata: { thoughtSignature: signature } }) {
    return typeof signature === "string" ? [{ type: "reasoning.text", text, signature, format: googleFormat }] : [];
  },
  toThoughts: (details) =>
    details.flatMap((detail) => {
      const { text, signature } = readDetail(detail, googleFormat);
      return signature === undefined ? [] : { text: text ?? "", metadata: { thoughtSignature: signature } };
    }),
  toExtra: ({ thoughtSignature }) =>
    typeof thoughtSignature === "string" ? { google: { thought_signature: thoughtSignature } } : undefined,
  fromExtra({ google }) {
    const signature = readText(google, "thought_signature");
    return signature === undefined ? undefined : { thoughtSignature: signature };
  },
};

const responsesFormat = "openai-responses-v1";

/** Reasoning items. The gateway lets nothing be stored, so one that is not encrypted means nothing to the vendor. */
export const responsesState: StateForm = {
  key: "openai",
  toDetails({ text, metadata: { itemId: id, reasoningEncryptedContent: data } }) {
    const summary: ReasoningDetail[] =
      text === "" ? [] : [{ type: "reasoning.summary", summary: text, format: responsesFormat, ...given("id", id) }];
    return typeof data === "string"
      ? [...summary, { type: "reasoning.encrypted", data, format: responsesFormat, ...given("id", id) }]
      : summary;
  },
  toThoughts(details) {
    const items = new Map<string, { texts: string[]; data: string | undefined }>();
    for (const detail of details) {
      const { id = "", summary, data } = readDetail(detail, responsesFormat);
      const item = items.get(id) ?? { texts: [], data: undefined };
      items.set(id, item);
      if (summary !== undefined) item.texts.push(summary);
      item.data ??= data;
    }
    return [...items].flatMap(([id, { texts, data }]): Thought[] => {
      if (data === undefined) return [];
      const metadata = { ...given("itemId", id), reasoningEncryptedContent: data };
      return (texts.length === 0 ? [""] : texts).map((text) => ({ text, metadata }));
    });
  },
  toExtra: ({ phase }) => (typeof phase === "string" ? { openai: { phase } } : undefined),
  fromExtra({ openai }) {
    const phase = readText(openai, "phase");
    return phase === undefined ? undefined : { phase };
  },
};

export function toReasoningPart({ key }: StateForm, { text, metadata }: Thought): LanguageModelV4ReasoningPart {
  return { type: "reasoning", text, providerOptions: { [key]: metadata } };
}

type Words = "text" | "summary" | "signature" | "data" | "id";

/** A client may have told anything. What is another vendor's has no words here. */
function readDetail(detail: ReasoningDetail, format: string): { readonly [W in Words]?: string | undefined } {
  if (detail["format"] !== format) return {};
  const read = (name: Words): string | undefined => readText(detail, name);
  return {
    text: read("text"),
    summary: read("summary"),
    signature: read("signature"),
    data: read("data"),
    id: read("id"),
  };
}

function readText(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (value as Readonly<Record<string, unknown>>)[name];
  return typeof text === "string" ? text : undefined;
}

function given(name: string, value: unknown): { readonly [name: string]: string } {
  return typeof value === "string" && value !== "" ? { [name]: value } : {};
}
