import type { OpenAiProviderConfig } from "../../contract.ts";
import { GatewayError } from "../../errors.ts";
import { leaveAtOnce } from "../leave.ts";
import type { ModelEvent, ModelRequest, Provider } from "../provider.ts";
import { countPromptTokens } from "../tokens.ts";
import { createConnections } from "../upstream/connections.ts";
import { startDeadline } from "../upstream/deadline.ts";
import { toBrokenAnswer } from "../upstream/failure.ts";
import { retryOnce } from "../upstream/retry.ts";
import { type AnswerReader, createAnswerReader } from "./answer.ts";
import { createEventReader } from "./events.ts";
import { type Endpoint, post, type UpstreamAnswer } from "./exchange.ts";
import { type Quirks, toOpenAiCapabilities, toQuirks } from "./quirks.ts";
import { toWireRequest } from "./request.ts";

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
    yield { type: "start" };

    const answer = createAnswerReader(() => countPromptTokens(request.messages, request.tools));
    const pieces = createPieceReader(accepted, answer);
    for await (const bytes of body.iterator({ destroyOnReturn: false })) {
      deadline.arrived();
      for (const event of pieces.read(bytes as Uint8Array)) yield event;
      if (pieces.done) break;
      deadline.wait();
    }
    for (const event of pieces.end()) yield event;
    void leave(body);
    body = undefined;
  } catch (cause) {
    deadline.signal.throwIfAborted();
    throw toBrokenAnswer(cause);
  } finally {
    deadline.stop();
    body?.destroy();
  }
}

interface PieceReader {
  readonly done: boolean;
  read(bytes: Uint8Array): Iterable<ModelEvent>;
  end(): ModelEvent[];
}

/** A server that was asked for a stream may still answer as a whole. */
function createPieceReader({ headers }: UpstreamAnswer, answer: AnswerReader): PieceReader {
  const type = String(headers["content-type"]);
  if (/^text\/html/i.test(type)) {
    throw new GatewayError("upstream_error", "The model provider answered with a web page; its base URL may be wrong.");
  }
  return /^application\/json/i.test(type) ? readWhole(answer) : readStream(answer);
}

function readStream(answer: AnswerReader): PieceReader {
  const events = createEventReader();
  return {
    get done() {
      return events.done;
    },
    *read(bytes) {
      for (const piece of events.read(bytes)) yield* answer.read(piece);
    },
    end: () => answer.end(),
  };
}

function readWhole(answer: AnswerReader): PieceReader {
  const parts: Uint8Array[] = [];
  return {
    done: false,
    read(bytes) {
      parts.push(bytes);
      return [];
    },
    end: () => [...answer.read(parseWhole(parts)), ...answer.end()],
  };
}

function parseWhole(parts: readonly Uint8Array[]): unknown {
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch (cause) {
    throw new GatewayError("upstream_error", "The model provider sent something that is no JSON.", { cause });
  }
}

async function leave(body: UpstreamAnswer["body"]): Promise<void> {
  try {
    await body.dump({ limit: restBytesMax, signal: AbortSignal.timeout(restMs) });
  } catch {
    // The answer is complete; what its connection does afterwards is of no interest.
    body.destroy();
  }
}
