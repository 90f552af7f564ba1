import type { Usage } from "../base/contract.ts";

export const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A run pays for all its model calls. Details are there if any call had them. */
export function addUsage(left: Usage, right: Usage): Usage {
  const promptDetails = addCounts(left.prompt_tokens_details, right.prompt_tokens_details);
  const completionDetails = addCounts(left.completion_tokens_details, right.completion_tokens_details);
  return {
    prompt_tokens: left.prompt_tokens + right.prompt_tokens,
    completion_tokens: left.completion_tokens + right.completion_tokens,
    total_tokens: left.total_tokens + right.total_tokens,
    ...(promptDetails === undefined ? {} : { prompt_tokens_details: promptDetails }),
    ...(completionDetails === undefined ? {} : { completion_tokens_details: completionDetails }),
  };
}

function addCounts<T extends { readonly [name: string]: number | undefined }>(
  left: T | undefined,
  right: T | undefined,
): T | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const sum: Record<string, number> = {};
  for (const counts of [left, right]) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  }
  return sum as T;
}
