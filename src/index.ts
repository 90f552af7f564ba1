// What the package offers to programs. Everything else is internal and may change.
export { type Credential, loadCredential } from "./edge/credential.ts";
export { ConfigError } from "./base/config/config-error.ts";
export { type LoadedConfig, loadConfig, type LoadOptions, parseConfig } from "./base/config/load.ts";
export type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  Config,
  ErrorBody,
  ErrorCode,
} from "./base/contract.ts";
export { GatewayError } from "./base/errors.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export { createRuntime, type Runtime, type RuntimeOptions } from "./runtime.ts";
export type { LogDestination } from "./base/gathered-lines.ts";
export { createLog, createSilentLog, type Log } from "./base/log.ts";
export { toIterable } from "./run/to-iterable.ts";
