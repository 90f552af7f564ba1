import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { buildConnector } from "undici";

/** The two ways to the outside. Everything else of a fetch is the same, whoever plays the Internet. */
export interface Network {
  /** All addresses of a name. */
  lookup(name: string): Promise<readonly LookupAddress[]>;
  /**
   * Connects to these addresses and no others, whatever the name in the request, which stays the `Host` and the name
   * that a certificate must have. An attempt that is still under way when `signal` aborts is given up.
   */
  connectTo(addresses: readonly LookupAddress[], signal: AbortSignal): buildConnector.connector;
}

export const publicNetwork: Network = {
  lookup: (name) => lookup(name, { all: true }),
  connectTo: (addresses, signal) =>
    buildConnector({
      lookup: toLookup(addresses),
      signal,
      allowH2: false,
      // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED in the environment would change the default.
      rejectUnauthorized: true,
    }),
};

/** Answers with the addresses that were checked, so that no name is resolved a second time, perhaps to another one. */
function toLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (name, { all }, done) => {
    const [first] = addresses;
    if (first === undefined) return done(new Error(`${name} has no address`), "");
    return all === true ? done(null, [...addresses]) : done(null, first.address, first.family);
  };
}
