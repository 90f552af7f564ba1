import type { Provider } from "../model/model.ts";

/** What of a request reaches the models of an agent though the contract does not know it, or gives it no effect. */
export interface Reach {
  /** What stands in parts of messages and in tools. */
  readonly more: boolean;
  /** Fields of the request that one of the models is given, and those that each of them is. */
  readonly some: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

export function toReach(providers: readonly Provider[]): Reach {
  const [first = nothing, ...others] = providers.map(({ forwards = nothing }) => forwards);
  return {
    more: providers.every(({ relaysMore }) => relaysMore === true),
    some: others.reduce((union, fields) => union.union(fields), first),
    all: others.reduce((common, fields) => common.intersection(fields), first),
  };
}
