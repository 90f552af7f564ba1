/** What a key may be used for; each operation of the contract says which one it asks for. */
export type Scope = "chat" | "sessions" | "metrics" | "admin";

/** Counts what a key uses, and refuses what is beyond its limits. */
export interface Quota {
  /**
   * Counts a request. Throws 429 `rate_limit_exceeded` if it is one too many, which is not counted; where other gateways
   * have to be asked, it resolves or rejects instead.
   */
  takeRequest(): Promise<void> | undefined;
  /**
   * Counts a run until the function is called that it returns. Throws 429: `insufficient_quota` if the tokens of the day
   * are spent, `rate_limit_exceeded` if the run is one too many.
   */
  beginRun(): () => void;
  /** Counts tokens, which are spent already and so never refused. */
  spend(tokens: number): void;
  toHeaders(): QuotaHeaders;
}

/** How much of its limits is left, in OpenAI's headers. */
export interface QuotaHeaders {
  readonly "x-ratelimit-limit-requests"?: number;
  readonly "x-ratelimit-remaining-requests"?: number;
  readonly "x-ratelimit-reset-requests"?: string;
  readonly "x-ratelimit-limit-tokens"?: number;
  readonly "x-ratelimit-remaining-tokens"?: number;
  readonly "x-ratelimit-reset-tokens"?: string;
}

/** Who calls, and what they may do. One stands for one key of the configuration, or for the operator. */
export interface Principal {
  /** The key's name in the configuration; `operator` is no key's. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The ids of the agents that it may use, the preferred one first; undefined for all. */
  readonly agents: ReadonlySet<string> | undefined;
  /** The models that its runs may use, as `provider/model`; undefined for all. */
  readonly models: ReadonlySet<string> | undefined;
  /** What the keys of its sessions begin with in the store; undefined where they are the operator's. */
  readonly namespace: string | undefined;
  /** In milliseconds since 1970; undefined for never. */
  readonly expiresAt: number | undefined;
  /** Counts what it uses; undefined where there is no limit. */
  readonly quota: Quota | undefined;
  /** What each line of the log has that tells of its calls: nothing where it is the operator. */
  readonly logFields: { readonly key?: string };
}

const unlimited = {
  agents: undefined,
  models: undefined,
  namespace: undefined,
  expiresAt: undefined,
  quota: undefined,
  logFields: {},
};

/** Whoever has the token or the password, uses the command line, or calls a gateway that asks for neither. */
export const operator: Principal = {
  ...unlimited,
  name: "operator",
  scopes: new Set(["chat", "sessions", "metrics", "admin"]),
};

/** The name of whoever a proxy has signed in, where the configuration names no users. */
export const proxyUserName = "proxy-user";

/** Whoever calls what is open to all. */
export const anybody: Principal = { ...unlimited, name: "anybody", scopes: new Set(), agents: new Set() };
