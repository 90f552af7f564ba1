import { isObject } from "../expect.ts";

// The keys that OpenAI's document gives an answer, place by place.

const usage = ["prompt_tokens", "completion_tokens", "total_tokens"];
const details = ["prompt_tokens_details", "completion_tokens_details"];
const answer = ["id", "choices", "created", "model", "object", "usage", "service_tier", "system_fingerprint"];
const said = ["role", "content", "refusal", "tool_calls", "function_call"];
const choice = ["index", "finish_reason", "logprobs"];

export const knownKeys: Readonly<Record<string, readonly string[]>> = {
  completion: [...answer, "metadata", "moderation"],
  chunk: [...answer, "obfuscation", "moderation"],
  "choices[]": [...choice, "message", "delta"],
  "choices[].message": [...said, "annotations", "audio"],
  "choices[].delta": [...said, "audio"],
  usage: [...usage, ...details],
  "usage.prompt_tokens_details": ["audio_tokens", "cached_tokens", "cache_write_tokens", "image_tokens", "text_tokens"],
  "usage.completion_tokens_details": [
    "accepted_prediction_tokens",
    "audio_tokens",
    "reasoning_tokens",
    "rejected_prediction_tokens",
    "text_tokens",
  ],
};

/** Every key of an answer that OpenAI's document does not have, as `place: key`, each once. */
export function listUnknownKeys(value: unknown, place: string): string[] {
  const found = new Set<string>();
  walk(value, place, (at, key) => void (knownKeys[at]?.includes(key) === false && found.add(`${at}: ${key}`)));
  return [...found];
}

/** A known key of the same place that differs from this one only in case and separators. */
export function findTwin(place: string, key: string): string | undefined {
  const plain = (text: string): string => text.replaceAll(/[_\s-]/g, "").toLowerCase();
  return knownKeys[place]?.find((known) => known !== key && plain(known) === plain(key));
}

function walk(value: unknown, place: string, visit: (place: string, key: string) => void): void {
  if (Array.isArray(value)) {
    for (const one of value) walk(one, place, visit);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, one] of Object.entries(value)) {
    visit(place, key);
    const within = place === "completion" || place === "chunk" ? key : `${place}.${key}`;
    walk(one, Array.isArray(one) ? `${within}[]` : within, visit);
  }
}
