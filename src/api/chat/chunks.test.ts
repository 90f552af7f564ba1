import fc from "fast-check";
import { expect, test } from "vitest";
import { Chunks, createChunkJson, toIdleChunk } from "./chunks.ts";
import { answers, heads, steps, texts } from "./chunks.fixture.ts";
import type { AnswerHead } from "./head.ts";
import type { ChatCompletionChunk } from "../../base/contract.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

function toChunks(events: readonly RunEvent[], answer: RunAnswer, head: AnswerHead): ChatCompletionChunk[] {
  const list: ChatCompletionChunk[] = [];
  const chunks = new Chunks(head, (chunk) => void list.push(chunk));
  chunks.begin();
  for (const event of events) chunks.add(event);
  chunks.end(answer);
  return list;
}

test("every chunk that a run can make is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const toJson = createChunkJson(head);
      for (const chunk of [toIdleChunk(head), ...toChunks(events, answer, head)]) {
        expect(toJson(chunk)).toBe(JSON.stringify(chunk));
        expect(JSON.parse(toJson(chunk))).toEqual(JSON.parse(JSON.stringify(chunk)));
      }
    }),
  );
});

test("only the end of a run gives a finish reason", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const reasons = toChunks(events, answer, head).flatMap(({ choices }) =>
        choices.map((choice) => choice.finish_reason),
      );
      expect(reasons.filter((reason) => reason !== null)).toHaveLength(1);
      expect(reasons.at(-1)).not.toBeNull();
    }),
  );
});

test("a chunk is one line, whatever its text", () => {
  fc.assert(
    fc.property(heads, texts, (head, text) => {
      const json = createChunkJson(head)({ ...toIdleChunk(head), choices: [toChoice(text)] });
      expect(json).not.toMatch(/[\r\n]/);
      expect((JSON.parse(json) as ChatCompletionChunk).choices).toEqual([toChoice(text)]);
    }),
  );
});

function toChoice(content: string): ChatCompletionChunk["choices"][number] {
  return { index: 0, delta: { content }, logprobs: null, finish_reason: null };
}
