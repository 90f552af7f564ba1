import { type ScriptedError, upstreamSecret } from "./script.fixture.ts";

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "invalid_request_error",
  403: "invalid_request_error",
  404: "invalid_request_error",
  422: "invalid_request_error",
  429: "rate_limit_error",
};

/** The inside of OpenAI's error body. */
export function toOpenAiError({ code, status = 500, message = upstreamSecret }: ScriptedError): object {
  return { message, type: types[status] ?? "server_error", param: null, code: code ?? null };
}
