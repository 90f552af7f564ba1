// The suite's door to the generated shapes of OpenAI's document.
import type { Check } from "@clawgate/contract";
import { Failure } from "./expect.ts";
import {
  checkConformanceManifest,
  checkConformanceReport,
  checkOpenAiChunk,
  checkOpenAiCompletion,
  checkOpenAiError,
  checkOpenAiModel,
  checkOpenAiModelList,
} from "./generated/schemas-guards.js";
import type { components } from "./generated/schemas.ts";

export { checkConformanceManifest, checkConformanceReport };
export type Report = components["schemas"]["ConformanceReport"];
export type PublishedManifest = components["schemas"]["ConformanceManifest"];

const shapes = {
  completion: checkOpenAiCompletion,
  chunk: checkOpenAiChunk,
  error: checkOpenAiError,
  model: checkOpenAiModel,
  "model list": checkOpenAiModelList,
} satisfies Record<string, Check<unknown>>;

/** Fails unless the value has the shape that OpenAI's document gives it; further keys are allowed. */
export function expectShape(value: unknown, shape: keyof typeof shapes): void {
  const check: Check<unknown> = shapes[shape];
  const violation = check(value);
  if (violation === undefined) return;
  const { finding } = violation;
  const place = finding?.instancePath === "" ? "it" : finding?.instancePath;
  const detail =
    finding?.keyword === "required" ? `lacks ${String(finding.params["missingProperty"])}` : finding?.message;
  throw new Failure(`a ${shape} as OpenAI's document describes it`, `${place} ${detail}`);
}
