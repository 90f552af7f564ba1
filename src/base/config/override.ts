import type { Config } from "../contract.ts";
import { checkAll, ConfigError } from "./config-error.ts";
import type { Environment } from "./source.ts";
import { type ConfigWarning, findQuotationMarks } from "./suspicion.ts";

/** What is said when the process starts, and wins over the file. */
export interface Overrides {
  readonly environment: Environment;
  /** What the command line says of `gateway.port` and `gateway.bind`; it wins over the environment too. */
  readonly port?: string | undefined;
  readonly bind?: string | undefined;
}

/** Returns what is suspicious about it. Throws `ConfigError`. */
export function overrideConfig({ gateway }: Config, { environment, port, bind }: Overrides): readonly ConfigWarning[] {
  const given = environment["OPENCLAW_GATEWAY_PORT"]?.trim();
  const token = environment["OPENCLAW_GATEWAY_TOKEN"]?.trim();
  const password = environment["OPENCLAW_GATEWAY_PASSWORD"]?.trim();
  const warnings: ConfigWarning[] = [];
  const override = (key: "token" | "password", value: string): void => {
    gateway.auth[key] = value;
    const problem = findQuotationMarks(value);
    const variable = `OPENCLAW_GATEWAY_${key.toUpperCase()}`;
    if (problem !== undefined)
      warnings.push({ key: `gateway.auth.${key}`, problem: `(from the environment variable ${variable}) ${problem}` });
  };
  // A secret in the environment is no reason to doubt a configuration that does not use one.
  if (token && gateway.auth.mode !== "trusted-proxy") override("token", token);
  if (password && gateway.auth.mode === "password") override("password", password);
  if (bind !== undefined) gateway.bind = bind;
  checkAll([
    () => void (given && (gateway.port = toPort(given, "OPENCLAW_GATEWAY_PORT"))),
    () => void (port !== undefined && (gateway.port = toPort(port, "--port"))),
  ]);
  return warnings;
}

function toPort(text: string, name: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`${name} must be a port number from 0 to 65535, but is '${text.slice(0, 32)}'.`);
}
