import { Command } from "commander";
import { type Credential, loadCredential } from "../edge/credential.ts";
import { contractVersion } from "../base/contract.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { findWeakAuth } from "../base/config/secret.ts";
import { ConfigError } from "../base/config/config-error.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { keepUntilRestart } from "../base/config/restart.ts";
import { GatewayError } from "../base/errors.ts";
import { createLog, type Log } from "../base/log.ts";
import {
  addAddressOptions,
  addConfigOption,
  type CommonOptions,
  loadWithState,
  prepare,
  type ReadyConfig,
} from "./common.ts";
import { findRiskyFlags } from "./node-flags.ts";
import { toEnableAdvice } from "./finding.ts";
import { announce, findPresence, type ReloadOutcome } from "./presence.ts";
import { toPrintable } from "./agent/printable.ts";
import { createReloadRequests } from "./reload-requests.ts";
import type { Terminal } from "./terminal.ts";

export function createGatewayCommand(terminal: Terminal): Command {
  return addAddressOptions(addConfigOption(new Command("gateway")))
    .description("start the gateway")
    .addHelpText(
      "after",
      `
The gateway runs until SIGINT or SIGTERM. It then takes no new calls, lets running ones finish, and ends with status 0. On
SIGHUP, or \`clawgate reload\`, it reads its configuration and secrets anew.

Environment: OPENCLAW_GATEWAY_PORT, OPENCLAW_GATEWAY_TOKEN, OPENCLAW_GATEWAY_PASSWORD, OPENCLAW_STATE_DIR,
OPENCLAW_CONFIG_PATH.

Examples:
  $ clawgate gateway --config ./clawgate.json5
  $ clawgate gateway --port 18790 --bind lan`,
    )
    .action(async (options: CommonOptions) => {
      const loaded = await prepare(terminal, loadWithState(terminal, options));
      const credential = loadCredential(loaded.config, loaded.stateFolder);
      let log = createLog(loaded.config.gateway.log.level, terminal.log);
      const gateway = await startGateway({ ...loaded, credential, log });
      const whereabouts = { url: gateway.url, ...(loaded.path === undefined ? {} : { config: loaded.path }) };
      const announcement = announce(loaded.stateFolder, whereabouts, (cause) =>
        log.warn({ err: cause }, "other commands are not told of this gateway, or of how its reload went"),
      );
      const other = announcement === undefined ? findPresence(loaded.stateFolder) : undefined;
      if (other !== undefined)
        log.warn(
          { url: other.url, state: loaded.stateFolder },
          "another gateway runs on this state folder; `reload`, `agent` and `runs` go to that one: OPENCLAW_STATE_DIR gives this one its own",
        );
      terminal.onHangUp(
        createReloadRequests({
          async reload() {
            const reloaded = await reload({ terminal, options, gateway, stateFolder: loaded.stateFolder, log });
            ({ log } = reloaded);
            return reloaded.outcome;
          },
          tell: (outcome) => announcement?.tell(outcome),
          ending: terminal.ending,
        }),
      );
      for (const { key, problem } of findRiskyFlags(terminal.flags)) log.warn({ key, problem }, "flag is dangerous");
      warn(loaded, log);
      terminal.print(toPrintable(toBanner(gateway, loaded, credential)));
      if (!terminal.ending.aborted) {
        await new Promise<void>((resolve) => {
          terminal.ending.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      const { requests, config } = gateway;
      log.info(requests === 0 ? {} : { requests, drainMs: config.gateway.drainMs }, "stopping");
      announcement?.withdraw();
      await gateway.stop();
      log.info("stopped");
    });
}

function warn({ config, warnings }: LoadedConfig, log: Log): void {
  for (const { key, problem } of [...warnings, ...findWeakAuth(config)])
    log.warn({ key, problem }, "configuration is suspicious");
}

interface ReloadParts {
  readonly terminal: Terminal;
  readonly options: CommonOptions;
  readonly gateway: Gateway;
  readonly stateFolder: string;
  readonly log: Log;
}

interface Reloaded {
  /** The one in force. */
  readonly log: Log;
  readonly outcome: ReloadOutcome;
}

/**
 * Reads the configuration anew, with the files and variables that it names and the stored token, and puts it in force;
 * what cannot be used is said in the log and changes nothing.
 */
async function reload({ terminal, options, gateway, stateFolder, log }: ReloadParts): Promise<Reloaded> {
  try {
    const loaded = await prepare(terminal, loadWithState(terminal, options));
    const { config, waiting } = keepUntilRestart(loaded.config, gateway.config);
    const credential = loadCredential(config, stateFolder);
    const renewed = log.child({}, { level: config.gateway.log.level });
    await gateway.reload({ ...loaded, config, credential, log: renewed });
    renewed.info({ path: loaded.path, waiting }, "configuration reloaded");
    warn(loaded, renewed);
    return { log: renewed, outcome: { waiting } };
  } catch (cause) {
    const problem = toProblem(cause);
    log.error(
      { problem, ...(problem === defect ? { err: cause } : {}) },
      "configuration not reloaded; the old one stays",
    );
    gateway.audit.record({ event: "configuration-change", outcome: "failed", problem });
    return { log, outcome: { problem } };
  }
}

const defect = "The gateway failed at it; its log says why.";

function toProblem(cause: unknown): string {
  return cause instanceof ConfigError || cause instanceof GatewayError ? cause.message : defect;
}

function toBanner(
  { url, agents }: Gateway,
  { config, path, stateFolder, standard, warnings }: ReadyConfig,
  credential: Credential,
): string {
  const { chatCompletions, docs, page } = config.gateway.http.endpoints;
  const rows: [string, string][] = [
    [
      "agents",
      agents.list
        .map((agent) => `${agent.id} (${agent.models[0].name})${agent === agents.default ? ", the default" : ""}`)
        .join("; "),
    ],
    ...(standard === undefined ? [] : [["model", `${standard.model}: ${standard.why}`] satisfies [string, string]]),
    ["chat", chatCompletions.enabled ? `${url}/v1/chat/completions` : toEnableAdvice(path)],
    ["page", page.enabled ? url : "disabled"],
    ["docs", docs.enabled ? `${url}/docs` : "disabled"],
    ["credential", toCredentialText(credential)],
    ...[...warnings, ...findWeakAuth(config)].map(({ key, problem }): [string, string] => [
      "warning",
      `${key} ${problem}`,
    ]),
    ["config", path ?? "none found; the defaults hold"],
    ["state", stateFolder],
  ];
  return [
    `clawgate ${contractVersion} listens on ${url}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value}`),
  ].join("\n");
}

function toCredentialText(credential: Credential): string {
  if (credential.mode === "trusted-proxy") return "whom the proxies of gateway.trustedProxies have signed in";
  if (credential.mode === "none") return "none: whoever reaches the port may call";
  if (credential.mode === "password") return "the configured password";
  return `${{ configured: "the configured token", stored: "the token made at the first start", made: "a new token" }[credential.origin]}; \`clawgate token\` prints it`;
}
