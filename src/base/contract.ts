// The one door to generated/: the rest of src/ gets its types, checks and tables from here.
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";
import type * as contract from "@clawgate/contract";
import type { components as ConfigComponents } from "../../generated/config.ts";
import type { components, operations as OperationTypes } from "../../generated/openapi.ts";
import type { components as ScenarioComponents } from "../../generated/scenario.ts";
import type { components as SocketComponents } from "../../generated/websocket.ts";
import type { Flow } from "./listener.ts";
import type { TraceContext } from "./telemetry/tracing.ts";
import type { Principal } from "./principal.ts";

export { fillConfig } from "../../generated/config-guards.js";
export { checkAnswerErrorResponse as checkErrorBody } from "../../generated/guards.js";
export { checkScenarioFile } from "../../generated/scenario-guards.js";
export { operations } from "../../generated/operations.ts";
export { checkRequestFrame } from "../../generated/websocket-guards.js";
export {
  socketCapabilities,
  socketEvents,
  type SocketEvents,
  socketMethods,
  type SocketMethods,
  type SocketScope,
  socketScopes,
} from "../../generated/websocket-tables.ts";
export {
  contractVersion,
  errorCodes,
  readKeys,
  requestFields,
  secretKeys,
  type Support,
} from "../../generated/policies.ts";

type Schemas = components["schemas"];

export type ChatCompletion = Schemas["ChatCompletion"];
export type ChatCompletionChunk = Schemas["ChatCompletionChunk"];
export type ChatCompletionRequest = Schemas["ChatCompletionRequest"];
export type ChunkDelta = Schemas["Delta"];
export type Choice = Schemas["Choice"];
export type Claim = Schemas["Claim"];
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
export type Run = Schemas["Run"];
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
export type KeyConfig = ConfigComponents["schemas"]["Key"];
export type Deadlines = ConfigComponents["schemas"]["Deadlines"];
export type ScenarioFile = ScenarioComponents["schemas"]["ScenarioFile"];

type SocketSchemas = SocketComponents["schemas"];

export type RequestFrame = SocketSchemas["RequestFrame"];
export type FrameError = SocketSchemas["FrameError"];
export type SessionRow = SocketSchemas["SessionRow"];
export type ChatMessage = SocketSchemas["ChatMessage"];
export type ContentPart = SocketSchemas["ContentPart"];
export type SocketUsage = SocketSchemas["SocketUsage"];

export type OperationId = keyof OperationTypes;

export type { EventStream } from "@clawgate/contract";

/** What the edge adds to every call. */
export interface RequestContext {
  /**
   * A header that the configuration names and so the contract cannot; `name` in lower case. An empty one is the same as
   * none. Throws `invalid_http` if it is there twice.
   */
  readonly header: (name: string) => string | undefined;
  readonly requestId: string;
  /** Of the client. */
  readonly address: string;
  /** The span of the request, if there is one. */
  readonly trace?: TraceContext | undefined;
  /** Who calls: `anybody` where the operation asks for no secret. */
  readonly principal: Principal;
  /** Ends what the request has begun, for somebody else than its client: the signal aborts with the reason. */
  readonly cancel: (reason: Error) => void;
  /** For the line of the request in the log; what is told later is added. */
  readonly tell: (facts: RunFacts) => void;
  /** Held while the client does not read what it is sent. It is the flow of the reply's stream, if that is one. */
  readonly flow: Flow;
}

/** What a run was, in the words of the log: nothing of what was said. */
export interface RunFacts {
  readonly agent?: string;
  /** That of a session that is kept. */
  readonly session?: string;
  readonly model?: string;
  readonly tokens?: number;
}

/** The edge itself sends it. */
type SentByEdge = "x-request-id";

/** What a handler may answer: a status of the contract with the body, headers and events that it has there. */
export type Reply<O extends OperationId> = contract.Reply<OperationTypes, O, SentByEdge>;

/** One request as a handler sees it: what the checks have passed, and nothing of HTTP. */
export type Call<O extends OperationId> = contract.Call<OperationTypes, O, RequestContext>;

/** Answers one operation. It refuses by throwing a `GatewayError`. */
export type Handler<O extends OperationId> = contract.Handler<OperationTypes, O, RequestContext, SentByEdge>;

/** Exactly one handler for each operation of the contract. */
export type Handlers = contract.Handlers<OperationTypes, RequestContext, SentByEdge>;

/** One row of the table, with the types of its operation. */
export type Row<O extends OperationId> = contract.Row<OperationTypes, O>;

/** One row of the table, whatever its operation. */
export type OperationRow = contract.AnyRow;

/** The switch under `gateway.http.endpoints` that turns an operation off, if it has one. */
export function toSwitch({ extensions }: OperationRow): string | undefined {
  const name = extensions["x-endpoint"];
  return typeof name === "string" ? name : undefined;
}

/** A file of `generated/` that is served or copied as it is. */
export function toGeneratedFile(name: string): URL {
  return toPackageFile(`generated/${name}`);
}

/** A file that stands at the same place in the checkout and in the package. */
export function toPackageFile(path: string): URL {
  const manifest = findPackageJSON(import.meta.url);
  if (manifest === undefined) throw new Error("clawgate's own package.json is missing; install the package again.");
  return new URL(path, pathToFileURL(manifest));
}
