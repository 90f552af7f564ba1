import { toExpiry } from "../base/config/key-check.ts";
import type { Config, KeyConfig } from "../base/contract.ts";
import type { Principal, Quota } from "../base/principal.ts";
import type { Limits } from "../base/quota.ts";
import { toNamespace } from "../session/key.ts";

/** What counts for a key, the same as long as the process lives; undefined where it has no limit. */
export type ToQuota = (name: string, limits: Limits) => Quota | undefined;

/** A key of the configuration. */
export interface Key {
  /** The SHA-256 of what its holder sends. */
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** The keys of a configuration, each with who holds it. Throws `ConfigError`. */
export function listKeys({ gateway: { auth } }: Config, toQuota: ToQuota): Key[] {
  return Object.entries(auth.keys).map(([name, key]) => ({
    digest: Buffer.from(key.sha256, "hex"),
    principal: toPrincipal(name, key, toQuota(name, key)),
  }));
}

function toPrincipal(name: string, key: KeyConfig, quota: Quota | undefined): Principal {
  return {
    name,
    scopes: new Set(key.scopes),
    agents: key.agents && new Set(key.agents),
    models: key.models && new Set(key.models),
    namespace: key.sessions === "own" ? toNamespace(name) : undefined,
    expiresAt: toExpiry(key, `gateway.auth.keys.${name}`),
    quota,
    logFields: { key: name },
  };
}
