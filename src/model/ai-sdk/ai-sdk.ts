import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { Agent } from "undici";
import { withSpent } from "../../base/errors.ts";
import { createBrake, type Listener, untilFree } from "../../base/listener.ts";
import { toCallOptions } from "./call-options.ts";
import { loadPackage, type LoadPackage, loadSdk } from "./load-vendor.ts";
import { createPartReader, type PartReader } from "./part-reader.ts";
import { createExchange, type Exchange, type ExchangeOptions } from "./vendor-exchange.ts";
import { toSdkFailure } from "./vendor-failure.ts";
import { fitToolNames } from "./tool-names.ts";
import { type AiSdkProviderConfig, type CreateSdk, type Vendor, vendors } from "./vendors.ts";
import type { ReportReason } from "../reason-log.ts";
import { messageForms } from "../message-form.ts";
import type { Capabilities, ModelEnd, ModelEvent, ModelRequest, Provider } from "../model.ts";
import { createConnections } from "../../outbound/connections.ts";
import { startDeadline } from "../../base/deadline.ts";
import { retryOnce } from "../../outbound/exchange.ts";
import { FailedAttempt, toBrokenAnswer } from "../../outbound/failure.ts";

/** How long the rest of an answer may take that is over, so that its connection can be used again. */
const restMs = 1_000;

interface Parts {
  readonly vendor: Vendor;
  readonly create: CreateSdk;
  readonly config: AiSdkProviderConfig;
  readonly connections: Agent;
  readonly reportReason: ReportReason;
}

/**
 * A vendor with an API of its own, through its package of `@ai-sdk`: the package translates, everything else (HTTP,
 * clock, retry, errors) is the gateway's. `key` is `models.providers.<name>`. Throws a `ConfigError` if the package is
 * not installed.
 */
export async function createAiSdkProvider(
  key: string,
  config: AiSdkProviderConfig,
  reportReason: ReportReason,
  load: LoadPackage = loadPackage,
): Promise<Provider> {
  const vendor = vendors[config.api];
  const create = await loadSdk(key, config.api, vendor, load);
  const connections = createConnections(config);
  const parts: Parts = { vendor, create, config, connections, reportReason };
  return {
    ...(config.models === undefined ? {} : { models: config.models.map(({ id }) => id) }),
    toCapabilities: (model) => narrow(vendor.capabilities, config, model),
    stream(given, to) {
      const { request, toEmit } = fitToolNames(given, messageForms[vendor.messageForm]);
      return converse(parts, request, { ...to, emit: toEmit(to.emit) });
    },
    stop: () => connections.destroy(),
  };
}

/** A vendor's models do not all read what its API can carry. */
function narrow(vendor: Capabilities, { models }: AiSdkProviderConfig, model: string): Capabilities {
  const input = models?.find(({ id }) => id === model)?.input;
  if (input === undefined) return vendor;
  return { ...vendor, input: new Set([...vendor.input].filter((kind) => input.includes(kind))) };
}

async function converse(
  parts: Parts,
  request: ModelRequest,
  { signal, flow, emit }: Listener<ModelEvent>,
): Promise<ModelEnd> {
  // The package pulls at its own pace; what it has not asked for holds the vendor up.
  const brake = createBrake();
  const deadline = startDeadline(parts.config.deadlines, signal, brake);
  let accepted: Accepted | undefined;
  let answer: PartReader | undefined;
  try {
    accepted = await retryOnce(() => attempt(parts, request, { deadline, brake, flow }), deadline.signal);
    emit({ type: "start" });
    answer = createPartReader(request, parts, emit);
    const { reader, exchange } = accepted;
    while (!answer.done) {
      if (flow.held) await untilFree(flow, deadline.signal);
      const { done, value } = await reader.read();
      if (done) break;
      answer.read(value);
    }
    const end = answer.end();
    if (answer.stopped) exchange.close();
    else void leave(accepted);
    accepted = undefined;
    return end;
  } catch (cause) {
    signal.throwIfAborted();
    const broken = accepted?.exchange.failure;
    const failure = broken === undefined ? toSdkFailure(cause) : toBrokenAnswer(broken);
    // What it has cost stands behind the error.
    if (accepted !== undefined && answer?.failed === true) await leave(accepted, answer.count);
    throw withSpent(deadline.signal.aborted ? deadline.signal.reason : failure, answer?.usage);
  } finally {
    deadline.stop();
    accepted?.exchange.close();
  }
}

interface Accepted {
  readonly reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>;
  readonly exchange: Exchange;
}

/** Resolves when the vendor has accepted the call; throws `FailedAttempt` when it has not, and the deadline's reason. */
async function attempt(
  { vendor, create, config, connections }: Parts,
  request: ModelRequest,
  { deadline, brake, flow }: Pick<ExchangeOptions, "deadline" | "brake" | "flow">,
): Promise<Accepted> {
  const key = config.apiKey === undefined ? { [vendor.keyHeader]: undefined } : {};
  const id = request.requestId === undefined ? {} : { "x-request-id": request.requestId };
  const headers = { ...id, ...request.headers, ...key, ...config.headers };
  const exchange = createExchange({ connections, deadline, brake, flow, headers });
  // Always given: a package without a key or an address looks into the environment.
  const sdk = create({
    baseURL: config.baseUrl ?? vendor.baseUrl,
    apiKey: config.apiKey ?? "",
    fetch: exchange.fetch,
  });
  try {
    const { stream } = await sdk.languageModel(request.model).doStream({
      ...toCallOptions(request, vendor),
      abortSignal: deadline.signal,
    });
    return { reader: stream.getReader(), exchange };
  } catch (cause) {
    exchange.close();
    deadline.signal.throwIfAborted();
    if (exchange.failure instanceof FailedAttempt) throw exchange.failure;
    throw exchange.failure === undefined ? toSdkFailure(cause) : toBrokenAnswer(exchange.failure);
  }
}

/** Reads the rest, as far as it comes soon. */
async function leave(
  { reader, exchange }: Accepted,
  take: (part: LanguageModelV4StreamPart) => void = () => undefined,
): Promise<void> {
  const late = setTimeout(() => exchange.close(), restMs);
  try {
    for (let rest = await reader.read(); !rest.done; rest = await reader.read()) take(rest.value);
  } catch {
    // How the answer went is known; what its connection does afterwards is of no interest.
  } finally {
    clearTimeout(late);
    exchange.close();
  }
}
