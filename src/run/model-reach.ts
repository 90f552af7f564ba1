import type { StateField } from "../base/model-state.ts";
import type { Provider } from "../model/model.ts";

/** What of a request reaches the models of an agent though the contract does not know it, or gives it no effect. */
export interface Reach {
  /** What stands in parts of messages and in tools. */
  readonly more: boolean;
  /** Fields of the request that one of the models is given, and those that each of them is. */
  readonly some: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
  /** Of an answer that a client brings back without saying whose it is, what its model is not given. */
  readonly drops: ReadonlySet<StateField>;
}

const nothing: ReadonlySet<never> = new Set<never>();

export function toReach(providers: readonly Provider[]): Reach {
  const [first = nothing, ...others] = providers.map(({ forwards = nothing }): ReadonlySet<string> => forwards);
  return {
    more: providers.every(({ relaysMore }) => relaysMore === true),
    some: others.reduce((union, fields) => union.union(fields), first),
    all: others.reduce((common, fields) => common.intersection(fields), first),
    // It is taken for the first model's own, and goes to no other.
    drops: providers[0]?.drops ?? nothing,
  };
}
