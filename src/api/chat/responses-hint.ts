import { GatewayError } from "../../base/errors.ts";

/**
 * A client that is set to the Responses API sends `input` to this path (Cursor does). To say that `messages` is missing
 * would be true and no help.
 */
export function explainChatMistake(body: unknown): GatewayError | undefined {
  if (typeof body !== "object" || body === null || "messages" in body || !("input" in body)) return undefined;
  return new GatewayError(
    "responses_request",
    "Missing required parameter: 'messages'. This body has the shape of the Responses API ('input'); switch the client to chat completions.",
    { param: "messages" },
  );
}
