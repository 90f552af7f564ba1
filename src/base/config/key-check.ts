import { hash } from "node:crypto";
import type { Config, KeyConfig } from "../contract.ts";
import { ConfigError } from "./config-error.ts";
import { proxyUserName } from "../principal.ts";
import type { ConfigWarning } from "./suspicion.ts";

/** Who is no key, but stands where their names do. */
const reservedNames = new Set(["operator", "anybody"]);

/** What people hash by mistake: nothing at all, and what stands in examples. */
const placeholderDigests = new Set(
  ["", "\n", "key", "test", "token", "password", "secret", "changeme", "change-me", "your-key", "your_key"].flatMap(
    (text) => [hash("sha256", text), hash("sha256", `${text}\n`)],
  ),
);

/** As `propertyNames` of the configuration's schema has it. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

const dayMs = 24 * 60 * 60 * 1000;
const warnedMs = 14 * dayMs;

export function isKeyName(name: string): boolean {
  return namePattern.test(name) && !reservedNames.has(name);
}

/** Rules for `gateway.auth.keys` that a schema cannot say. Throws `ConfigError`. */
export function assertKeys({ gateway: { auth }, agents }: Config): void {
  const keys = Object.entries(auth.keys);
  if (keys.length > 0 && auth.mode === "none") {
    throw new ConfigError(
      "gateway.auth.keys would restrict nobody: in gateway.auth.mode 'none' all may do everything.",
    );
  }
  const ids = new Set(agents.list.length === 0 ? ["main"] : agents.list.map(({ id }) => id));
  const owners = new Map(
    [auth.token, auth.password].flatMap((secret) => (secret === undefined ? [] : [toOwner(secret)])),
  );
  const users = listProxyUsers(auth);
  for (const [name, key] of keys) {
    const place = `gateway.auth.keys.${name}`;
    if (users.has(name))
      throw new ConfigError(
        `${place} has the name of somebody whom the proxy signs in, and each would have the runs of the other. Give the key another name.`,
      );
    if (reservedNames.has(name)) throw new ConfigError(`${place} has a name that no key may have.`);
    const unknown = key.agents?.find((id) => !ids.has(id));
    if (unknown !== undefined)
      throw new ConfigError(`${place}.agents names the agent '${unknown}', which does not exist.`);
    assertDigest(place, key.sha256.toLowerCase(), owners);
    owners.set(key.sha256.toLowerCase(), `${place}'s`);
    toExpiry(key, place);
  }
}

/** By the names that their runs have. */
function listProxyUsers({ mode, trustedProxy }: Config["gateway"]["auth"]): ReadonlySet<string> {
  if (mode !== "trusted-proxy" || trustedProxy === undefined) return new Set();
  return new Set(trustedProxy.allowUsers.length === 0 ? [proxyUserName] : trustedProxy.allowUsers);
}

function toOwner(secret: string): [string, string] {
  return [hash("sha256", secret), "the operator's"];
}

function assertDigest(place: string, sha256: string, owners: ReadonlyMap<string, string>): void {
  if (placeholderDigests.has(sha256)) {
    throw new ConfigError(
      `${place}.sha256 is that of a placeholder or of nothing, not of a key. Try: clawgate key new`,
    );
  }
  const owner = owners.get(sha256);
  if (owner !== undefined) throw new ConfigError(`${place}.sha256 is ${owner} too; each needs a key of its own.`);
}

/** When the key ends, in milliseconds since 1970; undefined for never. Throws `ConfigError` for a day that is none. */
export function toExpiry({ expires }: KeyConfig, place: string): number | undefined {
  if (expires === undefined) return undefined;
  const day = expires.slice(0, 10);
  const isDay =
    new Date(`${day}T00:00:00Z`).getTime() >= 0 && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  const time = Date.parse(expires);
  if (isDay && !Number.isNaN(time)) return time;
  throw new ConfigError(`${place}.expires is '${expires}', which is no date or time that there is.`);
}

/** Keys that have ended or will soon, for whoever starts the process. `now` is in milliseconds since 1970. */
export function findExpiring({ gateway: { auth } }: Config, now: number): ConfigWarning[] {
  return Object.entries(auth.keys).flatMap(([name, key]) => {
    const place = `gateway.auth.keys.${name}`;
    const time = toExpiry(key, place);
    if (time === undefined || time - now > warnedMs) return [];
    const days = Math.ceil((time - now) / dayMs);
    const when = time <= now ? "is past: it is refused" : `is ${days === 1 ? "within a day" : `in ${days} days`}`;
    return [{ key: `${place}.expires`, problem: `(${new Date(time).toISOString()}) ${when}` }];
  });
}
