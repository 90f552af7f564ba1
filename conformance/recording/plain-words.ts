import type { Subject } from "../reach/subject.ts";

/** Longer words of the protocol, which half of somebody's key may look like: a stream is none without them. */
const protocol = [
  "chat.completion.chunk assistant developer completion_tokens prompt_tokens total_tokens completion_tokens_details",
  "prompt_tokens_details cached_tokens reasoning_tokens finish_reason tool_calls tool_call_id content_filter function_call",
  "system_fingerprint service_tier reasoning_content annotations arguments logprobs top_logprobs response_format json_schema",
  "stream_options include_usage max_completion_tokens temperature invalid_request_error authentication_error not_found_error",
  "permission_error rate_limit_error rate_limit_exceeded server_error invalid_api_key model_not_found context_length_exceeded",
  "owned_by application/json; charset=utf-8 text/event-stream content-type content-length transfer-encoding chunked",
  "connection: keep-alive cache-control: no-cache access-control-allow-origin access-control-expose-headers authorization",
  "www-authenticate x-request-id retry-after-ms x-should-retry sec-websocket-accept upgrade: websocket connect.challenge",
].flatMap((line) => line.split(" "));

/** What stands in a recording whatever the secrets are: a replay asks for it, and judges by it. */
export function toPlainWords({ baseUrl, model }: Pick<Subject, "baseUrl" | "model">): string[] {
  return [baseUrl, model, ...protocol];
}
