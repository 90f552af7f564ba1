import type { Log } from "../base/log.ts";

/** A server that makes its reasons up would fill the log, and memory. */
const reasonsMax = 100;
const reasonLettersMax = 64;

/** Tells the log of a finish reason that no table has, once for each model and value. `provider` is its name. */
export type ReportReason = (model: string, reason: string) => void;

export function createReasonLog(log: Log, provider: string): ReportReason {
  const told = new Set<string>();
  return (model, reason) => {
    // A word, and not the text of an answer that ended up in the wrong place.
    const word = reason.slice(0, reasonLettersMax).replace(/[^\w.:-]/g, "?");
    const key = `${model} ${word}`;
    if (told.has(key) || told.size >= reasonsMax) return;
    told.add(key);
    log.warn({ model: `${provider}/${model}`, finishReason: word }, "unknown finish reason; taken for stop");
  };
}
