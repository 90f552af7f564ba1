/** What a key may be used for; each operation of the contract says which one it asks for. */
export type Scope = "chat" | "sessions" | "metrics" | "admin";

/** Who calls, and what they may do. One stands for one key of the configuration, or for the operator. */
export interface Principal {
  /** The key's name in the configuration; `operator` is no key's. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The ids of the agents that it may run; undefined for all. */
  readonly agents: ReadonlySet<string> | undefined;
  /** Where its sessions are; undefined for those of the operator. */
  readonly namespace: string | undefined;
  /** What each line of the log has that tells of its calls: nothing where it is the operator. */
  readonly logFields: { readonly key?: string };
}

/** Whoever has the token or the password, uses the command line, or calls a gateway that asks for neither. */
export const operator: Principal = {
  name: "operator",
  scopes: new Set(["chat", "sessions", "metrics", "admin"]),
  agents: undefined,
  namespace: undefined,
  logFields: {},
};

/** Whoever calls what is open to all. */
export const anybody: Principal = {
  name: "anybody",
  scopes: new Set(),
  agents: new Set(),
  namespace: undefined,
  logFields: {},
};
