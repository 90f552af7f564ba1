import { Command, Option } from "commander";
import { GatewayError } from "../base/errors.ts";
import type { AgentDoor } from "./agent/agent-door.ts";
import { findAddress, type FoundGateway, toGivenAddress } from "./agent/gateway-address.ts";
import { showRun } from "./agent/show-run.ts";
import { isMistake, toMistake } from "./mistake.ts";
import { addConfigOption, type CommonOptions, loadWithState, noteWarnings, prepare } from "./common.ts";
import type { Terminal } from "./terminal.ts";

interface AgentOptions extends CommonOptions {
  readonly message?: string;
  readonly agent?: string;
  readonly sessionKey: string;
  readonly json?: boolean;
  readonly local?: boolean;
  readonly url?: string;
  readonly tokenFile?: string;
}

export function createAgentCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("agent"))
    .description("talk to an agent: once, or without a message for as long as you like")
    .argument("[message]", "the same as --message")
    .option("-m, --message <text>", "what to say; `-` reads it from standard input")
    .option("--agent <id>", "which agent; the default agent without it")
    .option("--session-key <key>", "which session: a key of this agent, or a full key `agent:<id>:…`", "main")
    .option("--json", "print one JSON object instead of the text")
    .addOption(new Option("--local", "run the agent in this process, also where a gateway runs").conflicts("url"))
    .option("--url <address>", "talk to the gateway there instead of this machine's")
    .option("--token-file <file>", "what to show the gateway, instead of this machine's token")
    .addHelpText(
      "after",
      `
The gateway that runs on this state folder runs the agent too; where none runs, this process does. The text streams to
standard output. Without a message a terminal holds a dialogue, and elsewhere standard input is the message. Tool calls and failures go to standard error. A failed run ends with status 1, one that Ctrl-C has ended
with 130. With --url the secret is that of --token-file, else OPENCLAW_GATEWAY_TOKEN or OPENCLAW_GATEWAY_PASSWORD.

Examples:
  $ clawgate agent "My name is Ada."
  $ clawgate agent -m "What is my name?"
  $ clawgate agent --session-key agent:main:openai-user:ada -m "Go on where my SDK client left off."
  $ git diff | clawgate agent --agent beta --json -m -
  $ clawgate agent`,
    )
    .action(async (bare: string | undefined, options: AgentOptions) => {
      try {
        const door = await openDoor(options, terminal);
        try {
          await talk(door, options.message ?? bare, options, terminal);
        } finally {
          await door.close();
        }
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        if (options.json !== true) throw toMistake(error);
        terminal.print(JSON.stringify({ status: "error", ...error.toBody() }));
        terminal.fail(isMistake(error) ? 2 : 1);
      }
    });
}

async function talk(
  door: AgentDoor,
  given: string | undefined,
  { agent: agentId, sessionKey, json = false }: AgentOptions,
  terminal: Terminal,
): Promise<void> {
  const { person } = terminal;
  if (given === undefined && person !== undefined && !json) {
    const { holdDialogue } = await import("./agent/dialogue.ts");
    return holdDialogue(door, { agentId, sessionKey }, person, terminal);
  }
  const message = given === undefined || given === "-" ? await terminal.readInput() : given;
  if (message.trim() === "") {
    terminal.note("clawgate: there is nothing to say. Give --message, or write it to standard input.");
    return terminal.fail(2);
  }
  await showRun(door, { agentId, sessionKey, message }, json, terminal);
}

/** A gateway that runs, or this process. What is needed for the other way is not loaded. */
async function openDoor(options: AgentOptions, terminal: Terminal): Promise<AgentDoor> {
  if (options.url !== undefined) return openGateway(toGivenAddress(options.url, options, terminal));
  const loaded = loadWithState(terminal, options);
  const found: FoundGateway = options.local === true ? { why: "" } : findAddress(loaded, options, terminal);
  if (found.address !== undefined) {
    noteWarnings(terminal, loaded);
    return openGateway(found.address);
  }
  const ready = await prepare(terminal, loaded);
  noteWarnings(terminal, ready);
  if (found.why !== "") terminal.note(`clawgate: ${found.why}; the agent runs in this process.`);
  const { openLocalDoor } = await import("./agent/local-door.ts");
  return openLocalDoor(ready);
}

async function openGateway(address: NonNullable<FoundGateway["address"]>): Promise<AgentDoor> {
  const { openGatewayDoor } = await import("./agent/gateway-door.ts");
  return openGatewayDoor(address);
}
