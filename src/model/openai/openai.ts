import type { OpenAiProviderConfig } from "../../base/contract.ts";
import { leaveAtOnce } from "../leave.ts";
import type { ModelEvent, ModelRequest, Provider } from "../model.ts";
import { countPromptTokens } from "../tokens.ts";
import { createConnections } from "../../outbound/connections.ts";
import { startDeadline } from "../../outbound/deadline.ts";
import { toBrokenAnswer } from "../../outbound/failure.ts";
import { retryOnce } from "../../outbound/retry.ts";
import type { UpstreamAnswer } from "../../outbound/send.ts";
import { createAnswerReader } from "./answer-reader.ts";
import { examine } from "./examine.ts";
import { type Endpoint, post } from "../../outbound/exchange.ts";
import { createPieceReader } from "./pieces.ts";
import { type Quirks, toOpenAiCapabilities, toQuirks } from "./quirks.ts";
import { toWireRequest } from "./wire-request.ts";

/** What is left of a body after `[DONE]` is read so that its connection can be used again; more is cut. */
const restBytesMax = 16 * 1024;
const restMs = 1_000;

interface Parts {
  readonly endpoint: Endpoint;
  readonly quirks: Quirks;
  readonly config: OpenAiProviderConfig;
}

/** Whatever speaks Chat Completions: OpenAI, Azure, OpenRouter, Ollama, vLLM, llama.cpp, LM Studio, another clawgate. */
export function createOpenAiProvider(config: OpenAiProviderConfig): Provider {
  const quirks = toQuirks(config.baseUrl, config.compat);
  const connections = createConnections(config);
  const parts: Parts = { endpoint: { ...toEndpoint(config), connections }, quirks, config };
  return {
    ...(config.models === undefined ? {} : { models: config.models.map(({ id }) => id) }),
    toCapabilities: (model) => toOpenAiCapabilities(quirks, model, config.models),
    stream(request, { signal }) {
      const left = new AbortController();
      return leaveAtOnce(converse(parts, request, AbortSignal.any([signal, left.signal])), left);
    },
    examine: (models) => examine(parts.endpoint, models),
    stop: () => connections.destroy(),
  };
}

function toEndpoint({ baseUrl, apiKey, headers }: OpenAiProviderConfig): Omit<Endpoint, "connections"> {
  const key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return {
    url: new URL(`${baseUrl.replace(/\/+$/, "")}/chat/completions`),
    headers: {
      ...key,
      "content-type": "application/json",
      accept: "text/event-stream, application/json",
      "accept-encoding": "identity",
      "user-agent": "clawgate",
      ...lowerCased(headers),
    },
  };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function* converse(
  { endpoint, quirks, config }: Parts,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, undefined> {
  const deadline = startDeadline(config.deadlines, signal);
  let body: UpstreamAnswer["body"] | undefined;
  try {
    const text = JSON.stringify(toWireRequest(request, quirks));
    const accepted = await retryOnce(() => post(endpoint, text, deadline), deadline.signal);
    body = accepted.body;
    const answer = createAnswerReader(() => countPromptTokens(request.messages, request.tools));
    const pieces = createPieceReader(accepted, answer);
    yield { type: "start" };

    for await (const bytes of body) {
      deadline.arrived();
      for (const event of pieces.read(bytes)) yield event;
      if (pieces.done) break;
      deadline.wait();
    }
    const last = pieces.end();
    void leave(body);
    body = undefined;
    for (const event of last) yield event;
  } catch (cause) {
    deadline.signal.throwIfAborted();
    throw toBrokenAnswer(cause);
  } finally {
    deadline.stop();
    body?.close();
  }
}

async function leave(body: UpstreamAnswer["body"]): Promise<void> {
  const late = setTimeout(() => body.close(), restMs);
  let length = 0;
  try {
    for await (const bytes of body) {
      length += bytes.length;
      if (length > restBytesMax) break;
    }
  } catch {
    // The answer is complete; what its connection does afterwards is of no interest.
  } finally {
    clearTimeout(late);
    body.close();
  }
}
