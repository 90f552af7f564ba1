import { GatewayError } from "../../base/errors.ts";

/**
 * A client that is set to the Responses API sends `input` to this path (Cursor does). To say that `messages` is missing
 * would be true and no help.
 */
export function diagnoseChatMistake(body: unknown): GatewayError | undefined {
  if (typeof body !== "object" || body === null || "messages" in body || !("input" in body)) return undefined;
  return new GatewayError(
    "responses_request",
    "Missing required parameter: 'messages'. This body has the shape of the Responses API ('input'); switch the client to chat completions.",
    { param: "messages" },
  );
}

/** Answers a call of another of OpenAI's APIs, for the person whose client is set to it. */
function createNotServed(path: string, advice: string): () => never {
  return () => {
    throw new GatewayError("endpoint_not_served", `This gateway does not serve '${path}'. ${advice}`);
  };
}

const switchClient =
  "Set the client to chat completions (POST /v1/chat/completions); many call it API type or wire API.";

/** What the clients that are often met call it. */
const switchResponses = `${switchClient} OpenAI's Agents SDK: setOpenAIAPI('chat_completions'); AI SDK: openai.chat(model); Strands: api: "chat". Codex speaks the Responses API only, and cannot be used here.`;

export const notServed = {
  createResponse: createNotServed("/v1/responses", switchResponses),
  createCompletion: createNotServed("/v1/completions", switchClient),
  createEmbedding: createNotServed("/v1/embeddings", "Point the client's embeddings at a model provider."),
};
