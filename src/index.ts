// What the package offers to programs. Everything else is internal and may change.
export { type Credential, loadCredential } from "./auth/credential.ts";
export { ConfigError } from "./config/error.ts";
export { type LoadedConfig, loadConfig, type LoadOptions, parseConfig } from "./config/load.ts";
export type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  Config,
  ErrorBody,
  ErrorCode,
} from "./contract.ts";
export { GatewayError } from "./errors.ts";
export { createEngine, type Engine, type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export { createLog, createSilentLog, type Log } from "./log.ts";
