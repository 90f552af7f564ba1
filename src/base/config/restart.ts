import { isDeepStrictEqual } from "node:util";
import type { Config } from "../contract.ts";

/** A configuration as a gateway can take it while it runs, and the keys whose change has to wait for a restart. */
export interface Takeable {
  readonly config: Config;
  readonly waiting: readonly string[];
}

/** What a gateway is bound to from its start to its end; everything else may change while it runs. */
const lasting: Readonly<Record<string, (config: Config) => unknown>> = {
  "gateway.port": ({ gateway }) => gateway.port,
  "gateway.bind": ({ gateway }) => gateway.bind,
  "sessions.store": ({ sessions }) => sessions.store,
};

/**
 * What stays as it is says the running configuration, so that what depends on it (no `none` off loopback, say) is held
 * against what is, and not against what will be after a restart.
 */
export function keepUntilRestart(next: Config, running: Config): Takeable {
  const waiting = Object.entries(lasting)
    .filter(([, toValue]) => !isDeepStrictEqual(toValue(next), toValue(running)))
    .map(([key]) => key);
  const { port, bind } = running.gateway;
  const { store } = running.sessions;
  return {
    config: { ...next, gateway: { ...next.gateway, port, bind }, sessions: { ...next.sessions, store } },
    waiting,
  };
}
