import { Command } from "commander";
import { toHost } from "../base/config/check.ts";
import { findWeakAuth } from "../base/config/secret.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { GatewayError } from "../base/errors.ts";
import {
  addAddressOptions,
  addConfigOption,
  type CommonOptions,
  loadWithState,
  prepare,
  type ReadyConfig,
} from "./common.ts";
import { createQuietLog, type Terminal } from "./terminal.ts";
import { type Credential, loadCredential } from "../edge/credential.ts";
import type { Provider } from "../model/model.ts";
import { createProviders, stopProviders } from "../model/table.ts";
import { type Agents, createAgents } from "../run/agents.ts";
import { createRuntime, examineDatabase } from "../runtime.ts";
import { createSilentLog } from "../base/log.ts";
import type { StoreReport } from "../session/store.ts";
import { examineTools } from "./examine-tools.ts";
import type { Finding } from "./finding.ts";
import { findRiskyFlags } from "./node-flags.ts";

export function createDoctorCommand(terminal: Terminal): Command {
  return addAddressOptions(addConfigOption(new Command("doctor")))
    .description("say what would answer, and why; end with status 1 if something is wrong")
    .action(async (options: CommonOptions) => {
      const given = loadWithState(terminal, options);
      const loaded = await prepare(terminal, given);
      const findings = [
        ...toConfigFindings(loaded, terminal.flags),
        ...(await examineAgents(loaded, Object.keys(given.config.models.providers))),
        ...(await examineTools(loaded)),
        ...(await examineStore(loaded)),
        await examinePort(loaded),
      ];
      for (const { state, what, detail } of findings)
        terminal.print(`${state.padEnd(4)}  ${what.padEnd(12)}  ${detail}`);
      if (findings.some(({ state }) => state === "FAIL")) terminal.fail(1);
    });
}

function toConfigFindings({ config, path, stateFolder, warnings }: LoadedConfig, flags: readonly string[]): Finding[] {
  const { enabled } = config.gateway.http.endpoints.chatCompletions;
  const credential = loadCredential(config, stateFolder);
  return [
    { state: "ok", what: "node", detail: process.versions.node },
    ...findRiskyFlags(flags).map(({ key, problem }): Finding => ({
      state: "warn",
      what: "node",
      detail: `${key} ${problem}`,
    })),
    { state: "ok", what: "config", detail: path ?? "no file; the defaults hold" },
    ...warnings.map(({ key, problem }): Finding => ({ state: "warn", what: "config", detail: `${key} ${problem}` })),
    { state: "ok", what: "state", detail: stateFolder },
    { state: "ok", what: "credential", detail: toCredentialDetail(credential) },
    ...findWeakAuth(config).map(({ key, problem }): Finding => ({
      state: "warn",
      what: "credential",
      detail: `${key} ${problem}`,
    })),
    {
      state: enabled ? "ok" : "off",
      what: "endpoint",
      detail: enabled
        ? "/v1/chat/completions is enabled"
        : "disabled; set gateway.http.endpoints.chatCompletions.enabled to true",
    },
  ];
}

function toCredentialDetail(credential: Credential): string {
  return "secret" in credential ? `${credential.mode}, ${credential.origin}` : credential.mode;
}

/** Only `configured` providers are asked: a key that merely lies in the environment is no order to call somebody. */
async function examineAgents(loaded: ReadyConfig, configured: readonly string[]): Promise<Finding[]> {
  const providers = await createProviders(loaded.config, loaded.folder, createSilentLog());
  const agents = createAgents(loaded.config, providers);
  const asked = [...providers].filter(([name]) => configured.includes(name));
  const examined = await Promise.all(asked.map(([name, provider]) => examineProvider(name, provider, agents)));
  await stopProviders(providers);
  return [...toAgentFindings(loaded, agents), ...examined.filter((finding) => finding !== undefined)];
}

function toAgentFindings({ standard }: ReadyConfig, agents: Agents): Finding[] {
  return agents.list.map((agent): Finding => {
    const [first, ...others] = agent.models;
    const why = first.name === standard?.model ? standard.why : "its own model";
    const fallbacks = others.length === 0 ? "" : `, then ${others.map(({ name }) => name).join(", ")}`;
    const mark = agent === agents.default ? ", answers to `openclaw`" : "";
    return { state: "ok", what: `agent ${agent.id}`, detail: `${first.name} (${why})${fallbacks}${mark}` };
  });
}

/** Undefined for a provider that no agent uses, or that cannot be asked without being paid. */
async function examineProvider(name: string, provider: Provider, { list }: Agents): Promise<Finding | undefined> {
  const used = list.flatMap(({ models }) => models).filter((bound) => bound.provider === provider);
  if (used.length === 0 || provider.examine === undefined) return undefined;
  const what = `model ${name}`;
  try {
    return { state: "ok", what, detail: await provider.examine([...new Set(used.map(({ model }) => model))]) };
  } catch (error) {
    const { message, cause } = GatewayError.from(error);
    return { state: "FAIL", what, detail: cause instanceof Error ? `${message} (${cause.message})` : message };
  }
}

/** A database that cannot be used has no sessions that could be read. */
async function examineStore(loaded: LoadedConfig): Promise<readonly Finding[]> {
  const findings = (await examineDatabase(loaded.config)).map((finding): Finding => ({ ...finding, what: "database" }));
  if (findings.some(({ state }) => state === "FAIL")) return findings;
  return [...findings, await examineSessions(loaded)];
}

async function examineSessions(loaded: LoadedConfig): Promise<Finding> {
  try {
    const runtime = await createRuntime({ ...loaded, log: createQuietLog() });
    try {
      return toSessionFinding(await runtime.store.examine());
    } finally {
      await runtime.stop();
    }
  } catch (error) {
    const { cause, message } = error as Error;
    // What the store says of a database that it cannot open has the reason in it.
    const isWhole = !(cause instanceof Error) || message.includes(loaded.stateFolder);
    return { state: "FAIL", what: "sessions", detail: isWhole ? message : `${message} ${cause.message}` };
  }
}

/** So many damaged sessions are named. */
const namedMax = 10;

function toSessionFinding({ sessions, damaged }: StoreReport): Finding {
  const what = "sessions";
  if (damaged.length === 0)
    return { state: "ok", what, detail: `the store opens, and reads all of ${sessions} sessions` };
  const named = damaged.slice(0, namedMax).map((key) => `'${key}'`);
  const others = damaged.length > namedMax ? ` and ${damaged.length - namedMax} more` : "";
  return {
    state: "FAIL",
    what,
    detail: `${damaged.length} of ${sessions} sessions are damaged, and are not served: ${named.join(", ")}${others}. Put back a copy of the database, or delete or reset them.`,
  };
}

async function examinePort({ config }: LoadedConfig): Promise<Finding> {
  const host = toHost(config.gateway.bind);
  const { port } = config.gateway;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host;
  const url = `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}/healthz`;
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(1000) });
    return {
      state: ok ? "ok" : "FAIL",
      what: "port",
      detail: ok ? `a gateway answers at ${url}` : `something that is no gateway answers at ${url}`,
    };
  } catch {
    return { state: "ok", what: "port", detail: `nothing answers at ${url}; \`clawgate gateway\` starts it` };
  }
}
