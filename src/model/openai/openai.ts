import type { OpenAiProviderConfig } from "../../base/contract.ts";
import { withSpent } from "../../base/errors.ts";
import type { Listener } from "../../base/listener.ts";
import type { ModelEnd, ModelEvent, ModelRequest, Provider } from "../model.ts";
import type { ReportReason } from "../reason-log.ts";
import { AnswerReader } from "./answer-reader.ts";
import { type BodyReader, createBodyReader } from "./body-reader.ts";
import { examine } from "./examine.ts";
import { type ModelQuirks, type Quirks, toModelQuirks, toOpenAiCapabilities, toQuirks } from "./quirks.ts";
import { toWireRequest } from "./wire-request.ts";
import { listDroppedFields } from "./wire-state.ts";
import { createConnections } from "../../outbound/connections.ts";
import { startDeadline } from "../../base/deadline.ts";
import { type Endpoint, exchange, retryOnce } from "../../outbound/exchange.ts";
import { toBrokenAnswer } from "../../outbound/failure.ts";

interface Parts {
  readonly endpoint: Endpoint;
  readonly toOwn: (model: string) => ModelQuirks;
  readonly config: OpenAiProviderConfig;
  readonly reportReason: ReportReason;
}

/** Whatever speaks Chat Completions: OpenAI, Azure, OpenRouter, Ollama, vLLM, llama.cpp, LM Studio, another clawgate. */
export function createOpenAiProvider(config: OpenAiProviderConfig, reportReason: ReportReason): Provider {
  const quirks = toQuirks(config.baseUrl, config.compat);
  const connections = createConnections(config);
  const parts: Parts = {
    endpoint: { ...toEndpoint(config), connections },
    toOwn: keepQuirks(quirks),
    config,
    reportReason,
  };
  return {
    ...(config.models === undefined ? {} : { models: config.models.map(({ id }) => id) }),
    toCapabilities: (model) => toOpenAiCapabilities(quirks, model, config.models),
    relaysMore: true,
    ...(config.forward.length === 0 ? {} : { forwards: new Set(config.forward) }),
    drops: new Set(listDroppedFields(quirks)),
    stream: (request, to) => converse(parts, request, to),
    examine: (models) => examine(parts.endpoint, models),
    stop: () => connections.destroy(),
  };
}

/** Its models are those of the configuration, and what holds for one does not change. */
function keepQuirks(quirks: Quirks): (model: string) => ModelQuirks {
  const known = new Map<string, ModelQuirks>();
  return (model) => {
    const own = known.get(model) ?? toModelQuirks(quirks, model);
    known.set(model, own);
    return own;
  };
}

function toEndpoint({ baseUrl, apiKey, headers }: OpenAiProviderConfig): Omit<Endpoint, "connections"> {
  const key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return {
    url: new URL(`${baseUrl.replace(/(?<!\/)\/+$/, "")}/chat/completions`),
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

/** What the configuration says wins. */
function toHeaders({ headers }: Endpoint, { requestId, headers: own }: ModelRequest): Endpoint["headers"] {
  return requestId === undefined ? { ...own, ...headers } : { "x-request-id": requestId, ...own, ...headers };
}

async function converse(
  { endpoint, toOwn, config, reportReason }: Parts,
  request: ModelRequest,
  { signal, flow, emit }: Listener<ModelEvent>,
): Promise<ModelEnd> {
  const deadline = startDeadline(config.deadlines, signal, flow);
  const answer = new AnswerReader(emit, (reason) => reportReason(request.model, reason));
  let body: BodyReader | undefined;
  try {
    const text = JSON.stringify(toWireRequest(request, toOwn(request.model), config.forward));
    const target = { ...endpoint, headers: toHeaders(endpoint, request) };
    const attempt = (): Promise<void> =>
      exchange(target, text, {
        deadline,
        flow,
        accept(head) {
          const reader = createBodyReader(head, answer.read);
          body = reader;
          emit({ type: "start" });
          return (bytes) => reader.read(bytes);
        },
      });
    await retryOnce(attempt, deadline.signal);
    body?.end();
    return answer.end();
  } catch (cause) {
    signal.throwIfAborted();
    throw withSpent(deadline.signal.aborted ? deadline.signal.reason : toBrokenAnswer(cause), answer.usage);
  } finally {
    deadline.stop();
  }
}
