import type { Config } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import { names } from "../base/telemetry/attribute-names.ts";
import type { SpanAttributes, Tracing } from "../base/telemetry/tracing.ts";
import { toUsageAttributes } from "../base/telemetry/usage-attributes.ts";
import type { ModelEvent, ModelRequest, Provider } from "./model.ts";

type ProviderConfig = Config["models"]["providers"][string];

/** What the conventions call the makers of APIs. */
const makers: Readonly<Record<ProviderConfig["api"], string>> = {
  embedded: "clawgate",
  "openai-completions": "openai",
  "openai-responses": "openai",
  "anthropic-messages": "anthropic",
  "google-generative-ai": "gcp.gemini",
};

/** More of a conversation is for whoever keeps it. */
const contentMax = 65_536;

/** The same providers, each call of which is a span. */
export function traceProviders(
  providers: ReadonlyMap<string, Provider>,
  { models }: Config,
  tracing: Tracing,
): Map<string, Provider> {
  const trace = ([name, provider]: [string, Provider]): [string, Provider] => [
    name,
    traceProvider(provider, models.providers[name] ?? { api: "embedded", directives: false, scenarios: [] }, tracing),
  ];
  return new Map([...providers].map(trace));
}

/** The same provider, each call of which is a span, and names it to the server that it calls. */
function traceProvider(provider: Provider, config: ProviderConfig, tracing: Tracing): Provider {
  const place = toPlace(config);
  return {
    ...provider,
    async stream(request, to) {
      const span = tracing.start(`chat ${request.model}`, "client", request.trace, {
        [names.operation]: "chat",
        [names.provider]: makers[config.api],
        ...place,
        ...toRequestAttributes(request),
        [names.inputMessages]: tracing.content ? cut(JSON.stringify(request.messages)) : undefined,
      });
      let said: string | undefined;
      const listener: Listener<ModelEvent> = tracing.content
        ? overhear(to, (text) => (said = (said ?? "") + text))
        : to;
      let failure: string | undefined;
      try {
        const end = await provider.stream({ ...request, headers: tracing.write(span.context) }, listener);
        span.set({ [names.finishReasons]: [end.finishReason], ...toUsageAttributes(end.usage) });
        return end;
      } catch (cause) {
        failure = to.signal.aborted ? "cancelled" : cause instanceof GatewayError ? cause.code : "internal_error";
        throw cause;
      } finally {
        if (said !== undefined) span.set({ [names.outputMessages]: said });
        span.end(failure);
      }
    },
  };
}

function toPlace(config: ProviderConfig): SpanAttributes {
  const address = "baseUrl" in config && config.baseUrl !== undefined ? new URL(config.baseUrl) : undefined;
  if (address === undefined) return {};
  const port = address.port === "" ? (address.protocol === "https:" ? 443 : 80) : Number(address.port);
  return { [names.serverAddress]: address.hostname, [names.serverPort]: port };
}

function toRequestAttributes({ model, settings }: ModelRequest): SpanAttributes {
  const { stop } = settings;
  const type = settings.response_format?.type ?? "text";
  return {
    [names.requestModel]: model,
    // Models are always asked so, whatever the client has asked for.
    [names.requestStream]: true,
    [names.maxTokens]: settings.max_completion_tokens ?? undefined,
    [names.temperature]: settings.temperature ?? undefined,
    [names.topP]: settings.top_p ?? undefined,
    [names.frequencyPenalty]: settings.frequency_penalty ?? undefined,
    [names.presencePenalty]: settings.presence_penalty ?? undefined,
    [names.seed]: settings.seed ?? undefined,
    [names.stopSequences]: typeof stop === "string" ? [stop] : (stop ?? undefined),
    [names.outputType]: type === "text" ? "text" : "json",
  };
}

function overhear(to: Listener<ModelEvent>, hear: (text: string) => void): Listener<ModelEvent> {
  let left = contentMax;
  return {
    ...to,
    emit(event) {
      if (event.type === "text-delta" && left > 0) {
        hear(event.text.slice(0, left));
        left -= event.text.length;
      }
      to.emit(event);
    },
  };
}

function cut(text: string): string {
  return text.slice(0, contentMax);
}
