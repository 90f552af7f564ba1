import { Command } from "commander";
import { ConfigError } from "../base/config/config-error.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { findWeakAuth } from "../base/config/secret.ts";
import { contractVersion } from "../base/contract.ts";
import { type Credential, loadCredential } from "../edge/credential.ts";
import { createRuntime, examineDatabase } from "../runtime.ts";
import type { StoreReport } from "../session/store.ts";
import { toOneLine } from "./agent/printable.ts";
import { addAddressOptions, addConfigOption, type CommonOptions, loadWithState, prepare } from "./common.ts";
import { examineModels, examineProxy } from "./examine-models.ts";
import { examineFile, examinePort, examineState } from "./examine-place.ts";
import { examineTools } from "./examine-tools.ts";
import { type Finding, toEnableAdvice } from "./finding.ts";
import { findRiskyFlags } from "./node-flags.ts";
import { createQuietLog, type Terminal } from "./terminal.ts";

interface DoctorOptions extends CommonOptions {
  readonly online?: boolean;
  readonly json?: boolean;
}

export function createDoctorCommand(terminal: Terminal): Command {
  return addAddressOptions(addConfigOption(new Command("doctor")))
    .description("say what would answer, and why; end with status 1 if the first request would fail")
    .option("--online", "ask every provider for a word, also those of a key in the environment; costs a few tokens")
    .option("--json", "print one JSON object instead of the lines")
    .addHelpText(
      "after",
      `
Providers of the configuration are asked for their models, which costs nothing; tool servers are started and ended again.

Examples:
  $ clawgate doctor
  $ clawgate doctor --online --json`,
    )
    .action(async (options: DoctorOptions) => {
      const findings = await examine(terminal, options);
      const failed = findings.some(({ state }) => state === "FAIL");
      if (options.json === true) terminal.print(JSON.stringify({ ok: !failed, findings }));
      else for (const finding of findings) terminal.print(toLine(finding, terminal));
      if (failed) terminal.fail(1);
    });
}

const shades = { ok: "good", off: "faint", warn: "odd", FAIL: "bad" } as const;

/** Keys of sessions, and what servers and databases say, are anybody's words. */
function toLine({ state, what, detail }: Finding, { paint }: Terminal): string {
  return `${paint.print(shades[state], state.padEnd(4))}  ${toOneLine(`${what.padEnd(12)}  ${detail}`)}`;
}

/** What cannot be examined at all is one finding for a program, and an error for a person. */
async function examine(terminal: Terminal, options: DoctorOptions): Promise<Finding[]> {
  try {
    const given = loadWithState(terminal, options);
    const loaded = await prepare(terminal, given);
    return [
      ...toConfigFindings(loaded, terminal.flags),
      ...(await examineModels(loaded, given, options.online === true)),
      ...examineProxy(loaded, terminal.environment),
      ...(await examineTools(loaded)),
      ...(await examineStore(loaded)),
      ...(await examinePort(loaded)),
    ];
  } catch (error) {
    if (options.json !== true || !(error instanceof ConfigError)) throw error;
    return [{ state: "FAIL", what: "config", detail: error.message }];
  }
}

function toConfigFindings(loaded: LoadedConfig, flags: readonly string[]): Finding[] {
  const { config, path, warnings } = loaded;
  const state = examineState(loaded);
  const { enabled } = config.gateway.http.endpoints.chatCompletions;
  return [
    { state: "ok", what: "clawgate", detail: contractVersion },
    { state: "ok", what: "node", detail: process.versions.node },
    ...findRiskyFlags(flags).map(({ key, problem }): Finding => ({
      state: "warn",
      what: "node",
      detail: `${key} ${problem}`,
    })),
    ...examineFile(loaded),
    ...warnings.map(({ key, problem }): Finding => ({ state: "warn", what: "config", detail: `${key} ${problem}` })),
    state,
    examineCredential(loaded, state.state !== "FAIL"),
    ...findWeakAuth(config).map(({ key, problem }): Finding => ({
      state: "warn",
      what: "credential",
      detail: `${key} ${problem}`,
    })),
    enabled
      ? { state: "ok", what: "endpoint", detail: "/v1/chat/completions is enabled" }
      : { state: "FAIL", what: "endpoint", detail: toEnableAdvice(path) },
  ];
}

/** The first look makes the token, where it can be kept. */
function examineCredential({ config, stateFolder }: LoadedConfig, canWrite: boolean): Finding {
  const what = "credential";
  try {
    return { state: "ok", what, detail: toCredentialDetail(loadCredential(config, stateFolder)) };
  } catch (error) {
    if (canWrite || !(error instanceof ConfigError)) throw error;
    return { state: "FAIL", what, detail: error.message };
  }
}

function toCredentialDetail(credential: Credential): string {
  return "secret" in credential ? `${credential.mode}, ${credential.origin}` : credential.mode;
}

/** To read sessions is to open the store, which brings it up to date; and whoever only looks may want to go back. */
async function examineStore(loaded: LoadedConfig): Promise<readonly Finding[]> {
  const { findings, isCurrent } = await examineDatabase(loaded);
  const found = findings.map((finding): Finding => ({ ...finding, what: "database" }));
  return isCurrent ? [...found, await examineSessions(loaded)] : found;
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
