import type { ChatCompletionChunk } from "../../base/contract.ts";
import type { AnswerHead } from "./head.ts";

/**
 * `JSON.stringify` for the chunks of one stream. What is constant in a chunk of text is written once per stream, so
 * that a token costs the escaping of its own text and no more.
 */
export function createChunkJson({
  id,
  created,
  model,
  includeUsage,
}: AnswerHead): (chunk: ChatCompletionChunk) => string {
  const head = JSON.stringify({ id, object: "chat.completion.chunk", created, model }).slice(0, -1);
  const before = `${head},"choices":[{"index":0,"delta":{"content":`;
  const after = `},"logprobs":null,"finish_reason":null}]${includeUsage ? ',"usage":null' : ""}}`;
  return (chunk) => {
    const text = toPlainText(chunk);
    return text === undefined ? JSON.stringify(chunk) : before + JSON.stringify(text) + after;
  };
}

/** The text of a chunk that holds nothing else. */
function toPlainText({ choices: [choice] }: ChatCompletionChunk): string | undefined {
  if (choice === undefined || choice.finish_reason !== null || choice.logprobs !== null) return undefined;
  const { delta } = choice;
  for (const key in delta) if (key !== "content") return undefined;
  return delta.content;
}
