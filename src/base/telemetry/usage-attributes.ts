import type { Usage } from "../contract.ts";
import { names } from "./attribute-names.ts";
import type { SpanAttributes } from "./tracing.ts";

export function toUsageAttributes(usage: Readonly<Partial<Usage>> | undefined): SpanAttributes {
  return {
    [names.inputTokens]: usage?.prompt_tokens,
    [names.outputTokens]: usage?.completion_tokens,
    [names.cacheReadTokens]: usage?.prompt_tokens_details?.cached_tokens ?? undefined,
    [names.reasoningTokens]: usage?.completion_tokens_details?.reasoning_tokens ?? undefined,
  };
}
