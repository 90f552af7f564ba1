import { ConfigError } from "../base/config/config-error.ts";
import type { Config } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** What was asked for is not there, or is no value: whoever typed it has made a mistake, and nothing was done. */
export function isMistake({ status }: GatewayError): boolean {
  return status === 400 || status === 404;
}

/** A refusal as what it is to whoever typed a command. */
export function toMistake(error: GatewayError): Error {
  return isMistake(error) ? new ConfigError(error.message, { cause: error }) : error;
}

/** Throws where there is no such agent, nor one that a session key names: then nothing of theirs was ever there. */
export function assertKnown({ agents: { list } }: Config, agentId: string | undefined, key: string | undefined): void {
  const [, named] = /^agent:([^:]*):./.exec(key ?? "") ?? [];
  if (key !== undefined && named === undefined)
    throw new ConfigError(
      `'${key.slice(0, 64)}' is no session key: they begin with agent:<id>:, as \`runs\` prints them.`,
    );
  const known = list.length === 0 ? ["main"] : list.map(({ id }) => id);
  const unknown = [agentId, named].find((id) => id !== undefined && !known.includes(id));
  if (unknown === undefined) return;
  throw new ConfigError(`There is no agent '${unknown.slice(0, 64)}'. There are: ${known.slice(0, 10).join(", ")}.`);
}
