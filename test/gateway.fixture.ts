import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test as plain } from "vitest";
import { onEnd } from "./end.fixture.ts";
import { parseConfig } from "../src/base/config/load.ts";
import type { Credential } from "../src/edge/credential.ts";
import { type Gateway, type ReloadOptions, startGateway } from "../src/gateway.ts";
import { openOnSharedThread } from "../src/session/sqlite/shared-thread.fixture.ts";
import { createContractFetch, type ContractFetch } from "./wire/contract-fetch.ts";

export const testToken = "test-token-0123456789abcdef";

export interface TestGateway {
  /** Ends in `/v1`. */
  readonly baseUrl: string;
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly stateFolder: string;
  /** `fetch` that checks every answer and every event against the contract; hand it to an SDK. */
  readonly fetch: ContractFetch;
  /** Every line of the log, parsed. */
  readonly log: Record<string, unknown>[];
  /** A call with the token, in the shape of `fetch`; `path` begins with a slash. */
  readonly request: (path: string, init?: RequestInit) => Promise<Response>;
  /** `POST /v1/chat/completions` of this body. */
  readonly chat: (body: object, headers?: Record<string, string>) => Promise<Response>;
  /** Puts another configuration in force, which is merged over the test's, and another token. */
  readonly reload: (config: object, token?: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface TestGatewayOptions {
  /** Merged over the test's configuration, which enables the endpoint and has the agents `main` and `beta`. */
  readonly config?: object;
  /** Instead of the test's token, for what depends on what the secret is. */
  readonly credential?: Credential;
  /** To start again on what an earlier gateway has kept. */
  readonly stateFolder?: string;
  /** The test makes the gateway fail; without it a logged defect fails the test. */
  readonly expectErrors?: boolean;
}

/** A started gateway, with what its owner does at the end. */
interface Started {
  readonly gateway: TestGateway;
  /** Hands every line of the log, parsed, to whoever is in here. */
  readonly listeners: Set<Record<string, unknown>[]>;
  readonly remove: () => Promise<void>;
}

/**
 * A gateway of the test's own, for a configuration of its own or for what counts everything: log, metrics, rows. It is
 * stopped when the test is finished, and fails the test if an answer broke the contract or a defect was logged.
 */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { gateway, remove } = await launch(options);
  onEnd(async () => {
    await remove();
    expectSound(gateway, 0, options.expectErrors);
  });
  return gateway;
}

/** The gateway of a file: what stops it is the end of the file. */
export type SharedGateway = Omit<TestGateway, "stop">;

/**
 * `test` whose `gateway` is one for the whole file: a start costs more than most tests do. Tests keep apart by their
 * sessions, and `log` holds the lines since the test began. A test that left a defect or a broken answer behind fails,
 * as with a gateway of its own.
 */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- vitest's own type of what `extend` has added
export const createGatewayTest = (options: TestGatewayOptions) =>
  plain
    // oxlint-disable-next-line no-empty-pattern -- vitest reads there what a fixture needs: nothing
    .extend("started", { scope: "file" }, async ({}, { onCleanup }): Promise<Started> => {
      const started = await launch(options);
      onCleanup(started.remove);
      return started;
    })
    .extend("gateway", ({ started: { gateway, listeners } }, { onCleanup }): SharedGateway => {
      const { stop: _, ...shared } = gateway;
      const before = gateway.gateway.metrics.violations;
      const log: Record<string, unknown>[] = [];
      listeners.add(log);
      onCleanup(() => {
        listeners.delete(log);
        expectSound({ ...gateway, log }, before);
      });
      return { ...shared, log };
    });

/** With the usual configuration. */
export const test = createGatewayTest({});

function expectSound({ gateway, log }: TestGateway, violationsBefore: number, expectErrors = false): void {
  expect(gateway.metrics.violations).toBe(violationsBefore);
  if (!expectErrors) expect(log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
}

async function launch(options: TestGatewayOptions): Promise<Started> {
  const stateFolder = options.stateFolder ?? mkdtempSync(join(tmpdir(), "clawgate-test-"));
  const log: Record<string, unknown>[] = [];
  const listeners = new Set([log]);
  const write = (text: string): void => {
    const line = JSON.parse(text) as Record<string, unknown>;
    for (const lines of listeners) lines.push(line);
  };
  const toOptions = (config: object, secret = testToken): ReloadOptions => ({
    config: parseConfig(merge(baseConfig, config)),
    folder: import.meta.dirname,
    credential: options.credential ?? { mode: "token", secret, origin: "configured" },
    log: pino({ level: "info" }, { write }),
    // A folder of the test's own may be another gateway's too, which then is to have the file beside it as in real life.
    ...(options.stateFolder === undefined ? { openStore: openOnSharedThread } : {}),
  });
  const gateway = await startGateway({ ...toOptions(options.config ?? {}), stateFolder });
  const contractFetch = createContractFetch();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());

  const request: TestGateway["request"] = (path, init = {}) =>
    contractFetch(`${gateway.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${testToken}`, ...(init.headers as Record<string, string>) },
    });

  return {
    gateway: {
      baseUrl: `${gateway.url}/v1`,
      url: gateway.url,
      port: Number(new URL(gateway.url).port),
      gateway,
      stateFolder,
      fetch: contractFetch,
      log,
      request,
      reload: (config, token) => gateway.reload(toOptions(config, token)),
      chat: (body, headers = {}) =>
        request("/v1/chat/completions", {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
      stop,
    },
    listeners,
    async remove() {
      await stop();
      if (options.stateFolder === undefined) rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

const baseConfig = {
  gateway: {
    port: 0,
    drainMs: 2000,
    checkAnswers: "throw",
    // The tests themselves run in this process and may keep it busy.
    limits: { loopDelayMs: 0 },
    // Tests of the credential send many wrong ones.
    auth: { limit: { failures: 100_000 } },
    http: { endpoints: { chatCompletions: { enabled: true } } },
  },
  models: { providers: { embedded: { api: "embedded", directives: true } } },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
};

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
