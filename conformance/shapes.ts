// The one door to generated/ for the suite: OpenAI's shapes as guards.
import { Failure } from "./expect.ts";
import {
  type Guard,
  isConformanceReport,
  isOpenAiChunk,
  isOpenAiCompletion,
  isOpenAiError,
  isOpenAiModel,
  isOpenAiModelList,
} from "../generated/conformance-guards.js";
import type { components } from "../generated/conformance.ts";

export { isConformanceReport };
export type Report = components["schemas"]["ConformanceReport"];

const shapes = {
  completion: isOpenAiCompletion,
  chunk: isOpenAiChunk,
  error: isOpenAiError,
  model: isOpenAiModel,
  "model list": isOpenAiModelList,
} satisfies Record<string, Guard<unknown>>;

/** Fails unless the value has the shape that OpenAI's document gives it; further keys are allowed. */
export function expectShape(value: unknown, shape: keyof typeof shapes): void {
  const guard: Guard<unknown> = shapes[shape];
  if (guard(value)) return;
  const [finding] = guard.errors ?? [];
  const place = finding?.instancePath === "" ? "it" : finding?.instancePath;
  const detail =
    finding?.keyword === "required" ? `lacks ${String(finding.params["missingProperty"])}` : finding?.message;
  throw new Failure(`a ${shape} as OpenAI's document describes it`, `${place} ${detail}`);
}
