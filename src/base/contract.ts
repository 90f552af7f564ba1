// The one door to generated/: the rest of src/ gets its types, checks and tables from here.
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";
import type { AnyRow } from "@clawgate/contract";
import type { components as ConfigComponents } from "../../generated/config.ts";
import type { components, operations as OperationTypes } from "../../generated/openapi.ts";
import type { components as ScenarioComponents } from "../../generated/scenario.ts";
import type { Flow, Listener } from "./listener.ts";

export { fillConfig } from "../../generated/config-guards.js";
export { checkAnswerErrorResponse as checkErrorBody } from "../../generated/guards.js";
export { checkScenarioFile } from "../../generated/scenario-guards.js";
export { operations } from "../../generated/operations.ts";
export { contractVersion, errorCodes, requestFields, secretKeys, type Support } from "../../generated/policies.ts";

type Schemas = components["schemas"];

export type ChatCompletion = Schemas["ChatCompletion"];
export type ChatCompletionChunk = Schemas["ChatCompletionChunk"];
export type ChatCompletionRequest = Schemas["ChatCompletionRequest"];
export type ChunkDelta = Schemas["Delta"];
export type Choice = Schemas["Choice"];
export type FinishReason = Schemas["FinishReason"];
export type TokenLogprob = Schemas["TokenLogprob"];
export type Usage = Schemas["Usage"];

export type Message = Schemas["Message"];
export type UserMessage = Schemas["UserMessage"];
export type AssistantMessage = Schemas["AssistantMessage"];
export type ToolMessage = Schemas["ToolMessage"];
export type TextPart = Schemas["TextPart"];
export type ImagePart = Schemas["ImagePart"];
export type RefusalPart = Schemas["RefusalPart"];
export type UserPart = Schemas["UserPart"];
export type ToolCall = Schemas["ToolCall"];
export type FunctionToolCall = Schemas["FunctionToolCall"];
export type CustomToolCall = Schemas["CustomToolCall"];

export type Tool = Schemas["Tool"];
export type FunctionTool = Schemas["FunctionTool"];
export type CustomTool = Schemas["CustomTool"];
export type ToolChoice = Schemas["ToolChoice"];
export type ResponseFormat = Schemas["ResponseFormat"];
export type JsonSchema = Schemas["JsonSchema"];

export type Model = Schemas["Model"];
export type Session = Schemas["Session"];
export type SessionMessage = Schemas["SessionMessage"];
export type ErrorBody = Schemas["ErrorResponse"];
export type ErrorCode = Schemas["ErrorCode"];
export type Config = ConfigComponents["schemas"]["Config"];
export type EmbeddedProviderConfig = ConfigComponents["schemas"]["EmbeddedProvider"];
export type OpenAiProviderConfig = ConfigComponents["schemas"]["OpenAiProvider"];
export type ResponsesProviderConfig = ConfigComponents["schemas"]["ResponsesProvider"];
export type AnthropicProviderConfig = ConfigComponents["schemas"]["AnthropicProvider"];
export type GoogleProviderConfig = ConfigComponents["schemas"]["GoogleProvider"];
export type ModelChoice = ConfigComponents["schemas"]["ModelChoice"];
export type ToolServerConfig = ConfigComponents["schemas"]["ToolServer"];
export type Deadlines = ConfigComponents["schemas"]["Deadlines"];
export type ScenarioFile = ScenarioComponents["schemas"]["ScenarioFile"];

export type { OperationTypes };
export type OperationId = keyof OperationTypes;

type Content<R> = R extends { content: infer C } ? C : never;
type JsonMedia<R> = Exclude<Content<R>[Exclude<keyof Content<R>, "text/event-stream">], undefined>;
type EventData<R> = Content<R> extends { "text/event-stream": infer E } ? Exclude<E, ErrorBody> : never;
type Named<H> = { [K in keyof H as string extends K ? never : K]: H[K] };
/** The dispatcher itself sends `x-request-id`. */
type ReplyHeaders<R> = R extends { headers: infer H } ? Omit<Named<H>, "x-request-id"> : object;
type WithHeaders<R> = object extends ReplyHeaders<R> ? { headers?: ReplyHeaders<R> } : { headers: ReplyHeaders<R> };

/** A stream of events. The promise that `run` returns resolves at its end; what it rejects with becomes the last event. */
export interface EventStream<E> {
  readonly run: (to: Listener<E>) => Promise<void>;
  /** Writes one event as JSON; by default `JSON.stringify`. */
  readonly toJson?: (event: E) => string;
  /** Sent instead of a comment while nothing happens, where the configuration says so. */
  readonly idleEvent?: E;
}

type Answer<S, R> =
  | ({ readonly status: S; readonly body: JsonMedia<R> } & WithHeaders<R>)
  | ([EventData<R>] extends [never]
      ? never
      : { readonly status: S; readonly stream: EventStream<EventData<R>> } & WithHeaders<R>);

/** What a handler may answer: a status of the contract with the body, headers and events that it has there. */
export type Reply<O extends OperationId> = {
  [S in keyof OperationTypes[O]["responses"]]: Answer<S, OperationTypes[O]["responses"][S]>;
}[keyof OperationTypes[O]["responses"]];

type Body<O extends OperationId> = OperationTypes[O] extends {
  requestBody: { content: { "application/json": infer B } };
}
  ? B
  : undefined;
type Place = "path" | "header" | "query";
type Given<O extends OperationId, K extends Place> = Exclude<OperationTypes[O]["parameters"][K], undefined>;
type GivenOrNone<O extends OperationId, K extends Place> = [Given<O, K>] extends [never] ? object : Given<O, K>;
type Parameters<O extends OperationId> = GivenOrNone<O, "path"> & GivenOrNone<O, "header"> & GivenOrNone<O, "query">;

/** One request as a handler sees it: what the guards have passed, and nothing of HTTP. */
export interface Call<O extends OperationId> {
  readonly body: Body<O>;
  readonly parameters: Parameters<O>;
  /**
   * A header that the configuration names and so the contract cannot; `name` in lower case. An empty one is the same as
   * none. Throws `invalid_http` if it is there twice.
   */
  readonly header: (name: string) => string | undefined;
  readonly requestId: string;
  /** Aborts when the client leaves or the gateway gives up waiting at its end. */
  readonly signal: AbortSignal;
  /** Held while the client does not read what it is sent. It is the flow of the reply's stream, if that is one. */
  readonly flow: Flow;
}

/** Answers one operation. It refuses by throwing a `GatewayError`. */
export type Handler<O extends OperationId> = (call: Call<O>) => Reply<O> | Promise<Reply<O>>;

/** Exactly one handler for each operation of the contract. */
export type Handlers = { readonly [O in OperationId]: Handler<O> };

/** One row of the table, whatever its operation. */
export type OperationRow = AnyRow;

/** The switch under `gateway.http.endpoints` that turns an operation off, if it has one. */
export function toSwitch({ extensions }: OperationRow): string | undefined {
  const name = extensions["x-endpoint"];
  return typeof name === "string" ? name : undefined;
}

/** A file of `generated/` that is served or copied as it is; it stands there in the checkout and in the package. */
export function toGeneratedFile(name: string): URL {
  const manifest = findPackageJSON(import.meta.url);
  if (manifest === undefined) throw new Error("clawgate's own package.json is missing; install the package again.");
  return new URL(`generated/${name}`, pathToFileURL(manifest));
}
