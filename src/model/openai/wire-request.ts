import type { ModelRequest } from "../model.ts";
import { toWireMessages } from "./messages.ts";
import type { Quirks } from "./quirks.ts";

/** The body of `POST /chat/completions`. The session's `user` stays here: it is nobody else's to know. */
export function toWireRequest({ model, messages, tools, settings }: ModelRequest, quirks: Quirks): object {
  const { max_completion_tokens: cap, ...others } = settings;
  const streamed = quirks.supportsUsageInStreaming
    ? { stream: true, stream_options: { include_usage: true } }
    : { stream: true };
  return {
    model,
    messages: toWireMessages(messages, quirks),
    ...(tools.length > 0 ? { tools } : {}),
    ...others,
    ...(cap === undefined ? {} : { [quirks.maxTokensField]: cap }),
    ...(quirks.supportsStreaming ? streamed : {}),
  };
}
