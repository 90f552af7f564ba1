import type { Config } from "../contract.ts";

/** A configuration as a gateway can take it while it runs, and the keys whose change has to wait for a restart. */
export interface Takeable {
  readonly config: Config;
  readonly waiting: readonly string[];
}

/** What a gateway is bound to from its start to its end; everything else may change while it runs. */
const lasting = ["port", "bind"] as const;

/**
 * What stays as it is says the running configuration, so that what depends on it (no `none` off loopback, say) is held
 * against what is, and not against what will be after a restart.
 */
export function keepUntilRestart(next: Config, running: Config): Takeable {
  const waiting = lasting.filter((key) => next.gateway[key] !== running.gateway[key]).map((key) => `gateway.${key}`);
  const { port, bind } = running.gateway;
  return { config: { ...next, gateway: { ...next.gateway, port, bind } }, waiting };
}
