import { onEnd } from "../end.fixture.ts";
import { hear, type Hearing } from "../../src/base/listener.fixture.ts";
import type { Config, FinishReason, Message } from "../../src/base/contract.ts";
import { parseConfig } from "../../src/base/config/load.ts";
import { createEmbeddedProvider } from "../../src/model/embedded/embedded.ts";
import type { FileStep } from "../../src/model/embedded/scenario-step.ts";
import type { ModelEnd, ModelEvent, ModelRequest, Provider } from "../../src/model/model.ts";
import { createProviders } from "../../src/model/table.ts";
import type { Script, ScriptStep } from "./servers/script.fixture.ts";
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamVendor } from "./servers/upstream.fixture.ts";
import { createSilentLog } from "../../src/base/log.ts";

export const upstreamKey = "sk-test-key-of-the-gateway";

type Api = Config["models"]["providers"][string]["api"];

/** A provider that reaches its model over HTTP. */
export interface RemoteSubject {
  readonly api: Exclude<Api, "embedded">;
  readonly vendor: UpstreamVendor;
  readonly model: string;
}

export const remoteSubjects: readonly RemoteSubject[] = [
  { api: "openai-completions", vendor: "openai-chat", model: "gpt-4.1" },
  { api: "openai-responses", vendor: "openai-responses", model: "gpt-4.1" },
  { api: "anthropic-messages", vendor: "anthropic", model: "claude-sonnet-4-5" },
  { api: "google-generative-ai", vendor: "google", model: "gemini-2.5-flash" },
];

export interface RemoteProvider {
  readonly provider: Provider;
  readonly upstream: Upstream;
}

/** The provider in front of a scripted model server of its vendor. `more` is added to its configuration. */
export async function startRemote(
  { api, vendor }: RemoteSubject,
  answer: UpstreamAnswer,
  more: object = {},
): Promise<RemoteProvider> {
  const upstream = await startUpstream(vendor, answer);
  const provider = await createProvider({ api, baseUrl: upstream.baseUrl, apiKey: upstreamKey, ...more });
  return { provider, upstream };
}

/** A provider as the configuration makes it, stopped when the test is finished. */
export async function createProvider(entry: object): Promise<Provider> {
  const config = parseConfig({ models: { providers: { subject: entry } } });
  const provider = (await createProviders(config, import.meta.dirname, createSilentLog())).get("subject");
  if (provider === undefined) throw new Error("the configuration has no provider 'subject'");
  onEnd(async () => provider.stop?.());
  return provider;
}

/** Every provider, the embedded one too: it plays the same scripts as scenarios. */
export interface Subject {
  readonly api: Api;
  readonly model: string;
  start(script: Script): Promise<Provider>;
}

export const subjects: readonly Subject[] = [
  { api: "embedded", model: "scenario", start: (script) => Promise.resolve(createScenario(script)) },
  ...remoteSubjects.map((subject): Subject => ({
    api: subject.api,
    model: subject.model,
    start: async (script) => (await startRemote(subject, script)).provider,
  })),
];

function createScenario(script: Script): Provider {
  return createEmbeddedProvider({ scenarios: [{ name: "script", match: {}, reply: script.flatMap(toSteps) }] });
}

function toSteps(step: ScriptStep): FileStep[] {
  if ("call" in step) {
    const { id, name, args, kind } = step.call;
    const given = args as Record<string, unknown> | string | undefined;
    return [
      { toolCall: { id, name, ...(given === undefined ? {} : { arguments: given }), ...(kind ? { kind } : {}) } },
    ];
  }
  if ("finish" in step) {
    if (step.finish === "error") return [{ error: { code: "upstream_error" } }];
    const { usage } = step;
    return [{ finish: step.finish }, ...(usage === undefined || usage === "none" ? [] : [{ usage: toUsage(usage) }])];
  }
  if ("error" in step || "reset" in step || "status" in step) return [{ error: { code: "upstream_error" } }];
  if ("raw" in step || "accept" in step || "redacted" in step || "delta" in step) return [];
  if ("reasoning" in step) return [{ reasoning: step.reasoning }];
  return "pauseMs" in step ? [{ thinkMs: step.pauseMs }] : [step];
}

function toUsage({
  prompt,
  completion,
  cached,
  reasoning,
}: {
  prompt: number;
  completion: number;
  cached?: number;
  reasoning?: number;
}): Exclude<FileStep["usage"], undefined> {
  return {
    promptTokens: prompt,
    completionTokens: completion,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

/** A text stands for one user message. */
export function toModelRequest(
  model: string,
  said: string | readonly Message[] = "Hello?",
  more: Partial<ModelRequest> = {},
): ModelRequest {
  const messages: readonly Message[] = typeof said === "string" ? [{ role: "user", content: said }] : said;
  return { model, agentId: "main", messages, tools: [], settings: {}, ...more };
}

/** What a provider did, up to its failure if it failed. */
export interface Outcome {
  readonly events: readonly ModelEvent[];
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly {
    readonly id: string;
    readonly kind: string;
    readonly name: string;
    readonly text: string;
  }[];
  /** Undefined if it failed, as its parts are. */
  readonly end: ModelEnd | undefined;
  readonly finishReason: FinishReason | undefined;
  readonly error: unknown;
}

/** Listens to a whole answer and holds it to the order that the port promises. */
export async function observe(
  provider: Provider,
  request: ModelRequest,
  hearing?: Hearing<ModelEvent>,
): Promise<Outcome> {
  const { events, result: end, error } = await hear((to) => provider.stream(request, to), hearing);
  assertOrder(events);
  if (end !== undefined && events.length === 0) throw new Error("it ended without its `start`");
  const join = (type: ModelEvent["type"]): string =>
    events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
  return {
    events,
    text: join("text-delta"),
    reasoning: join("reasoning-delta"),
    refusal: join("refusal-delta"),
    calls: events
      .filter((event) => event.type === "tool-call-start")
      .map(({ index, id, kind, name }) => ({ id, kind, name, text: joinCall(events, index) })),
    end,
    finishReason: end?.finishReason,
    error,
  };
}

function joinCall(events: readonly ModelEvent[], index: number): string {
  return events.map((event) => (event.type === "tool-call-delta" && event.index === index ? event.text : "")).join("");
}

/** The sentences above `ModelEvent`. */
function assertOrder(events: readonly ModelEvent[]): void {
  const types = events.map(({ type }) => type);
  const fail = (what: string): never => {
    throw new Error(`${what}: ${types.join(" ")}`);
  };
  if (types.length > 0 && types[0] !== "start") fail("the first event is not `start`");
  if (types.lastIndexOf("start") > 0) fail("`start` comes again");
  let call = -1;
  for (const event of events) {
    if (event.type === "tool-call-start" && event.index !== (call += 1)) fail("a call has the wrong index");
    if (event.type === "tool-call-delta" && event.index !== call) fail("arguments of another call");
    if ("text" in event && event.text === "") fail("an empty delta");
  }
}
