import { Command } from "commander";
import { type Credential, loadCredential } from "../edge/credential.ts";
import { contractVersion } from "../base/contract.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { findWeakAuth } from "../base/config/secret.ts";
import { createLog } from "../base/log.ts";
import { addConfigOption, type CommonOptions, loadFor, prepare, type ReadyConfig } from "./common.ts";
import type { Terminal } from "./terminal.ts";

export function createGatewayCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("gateway"))
    .description("start the gateway")
    .addHelpText(
      "after",
      `
The gateway runs until SIGINT or SIGTERM. It then takes no new calls, lets running ones finish, and ends with status 0.

Environment: OPENCLAW_GATEWAY_PORT, OPENCLAW_GATEWAY_TOKEN, OPENCLAW_GATEWAY_PASSWORD, OPENCLAW_STATE_DIR,
OPENCLAW_CONFIG_PATH.

Example:
  $ clawgate gateway --config ./clawgate.json5`,
    )
    .action(async (options: CommonOptions) => {
      const loaded = await prepare(terminal, loadFor(terminal, options));
      const credential = loadCredential(loaded.config, loaded.stateFolder);
      const log = createLog(loaded.config.gateway.log.level, terminal.log);
      const gateway = await startGateway({ ...loaded, credential, log });
      const weak = findWeakAuth(loaded.config);
      for (const { key, problem } of [...loaded.warnings, ...weak])
        log.warn({ key, problem }, "configuration is suspicious");
      terminal.print(toBanner(gateway, loaded, credential));
      if (!terminal.ending.aborted) {
        await new Promise<void>((resolve) => {
          terminal.ending.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      log.info("stopping");
      await gateway.stop();
    });
}

function toBanner(
  { url, agents }: Gateway,
  { config, path, stateFolder, standard }: ReadyConfig,
  credential: Credential,
): string {
  const { chatCompletions, docs } = config.gateway.http.endpoints;
  const rows: [string, string][] = [
    [
      "agents",
      agents.list
        .map((agent) => `${agent.id} (${agent.models[0].name})${agent === agents.default ? ", the default" : ""}`)
        .join("; "),
    ],
    ...(standard === undefined ? [] : [["model", `${standard.model}: ${standard.why}`] satisfies [string, string]]),
    [
      "chat",
      chatCompletions.enabled
        ? `${url}/v1/chat/completions`
        : "disabled: set gateway.http.endpoints.chatCompletions.enabled to true",
    ],
    ["docs", docs.enabled ? `${url}/docs` : "disabled"],
    ["credential", toCredentialText(credential)],
    ...findWeakAuth(config).map(({ key, problem }): [string, string] => ["warning", `${key} ${problem}`]),
    ["config", path ?? "none found; the defaults hold"],
    ["state", stateFolder],
  ];
  return [
    `clawgate ${contractVersion} listens on ${url}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value}`),
  ].join("\n");
}

function toCredentialText(credential: Credential): string {
  if (credential.mode === "none") return "none: whoever reaches the port may call";
  if (credential.mode === "password") return "the configured password";
  return `${{ configured: "the configured token", stored: "the token made at the first start", made: "a new token" }[credential.origin]}; \`clawgate token\` prints it`;
}
