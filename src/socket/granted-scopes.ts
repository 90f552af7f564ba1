import { type SocketScope, socketScopes } from "../base/contract.ts";
import type { Principal } from "../base/principal.ts";

const all = Object.entries(socketScopes) as [
  SocketScope,
  Principal["scopes"] extends ReadonlySet<infer S> ? S : never,
][];

/** What a client that asks for it asks for everything else as well. */
const whole = "operator.admin";

/**
 * What of the scopes that a client asks for its key may have, in the contract's order. Who asks for none in particular asks
 * for all. The answer is said to the client, so it is exact: what is not in it is refused.
 */
export function grantScopes(asked: readonly string[] | undefined, { scopes }: Principal): readonly SocketScope[] {
  const isAsked = (scope: string): boolean =>
    asked === undefined || asked.length === 0 || asked.includes(whole) || asked.includes(scope);
  return all.filter(([scope, needed]) => isAsked(scope) && scopes.has(needed)).map(([scope]) => scope);
}
