import { createParser } from "eventsource-parser";
import { Command, Option } from "commander";
import type { LoadedConfig } from "../base/config/load.ts";
import type { ChatCompletionChunk, ErrorBody, Run } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toOneLine, toPrintable } from "./agent/printable.ts";
import { addConfigOption, type CommonOptions, loadWithState, noteWarnings } from "./common.ts";
import { type CallGateway, findGateway, untilGone } from "./gateway-call.ts";
import { assertKnown } from "./mistake.ts";
import type { Terminal } from "./terminal.ts";

interface ListOptions extends CommonOptions {
  readonly state?: string;
  readonly agent?: string;
  readonly session?: string;
  readonly limit: string;
  readonly json?: boolean;
}

interface FollowOptions extends CommonOptions {
  readonly after: string;
  readonly json?: boolean;
}

const states: readonly Run["state"][] = ["queued", "running", "completed", "failed", "cancelled", "interrupted"];

export function createRunsCommand(terminal: Terminal): Command {
  return new Command("runs")
    .description("list, follow and cancel the runs of the gateway that runs on this state folder")
    .addCommand(createList(terminal), { isDefault: true })
    .addCommand(createFollow(terminal))
    .addCommand(createCancel(terminal));
}

function createList(terminal: Terminal): Command {
  return addConfigOption(new Command("list"))
    .description("the runs that are under way, and those that are kept, the youngest first")
    .addOption(new Option("--state <state>", "only runs in this state").choices(states))
    .option("--agent <id>", "only runs of this agent")
    .option("--session <key>", "only runs of the session with this key")
    .option("--limit <number>", "the most runs, up to 100", "20")
    .option("--json", "print one JSON object a line")
    .action(async (options: ListOptions) => {
      const loaded = loadWithState(terminal, options);
      const call = mustFind(terminal, loaded);
      if (call === undefined) return;
      const { json, config: _, ...query } = options;
      const response = await call(`/v1/runs?${new URLSearchParams({ ...query }).toString()}`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the contract says, and the gateway holds it
      const { data, has_more: hasMore } = (await response.json()) as { data: readonly Run[]; has_more: boolean };
      // An agent that was taken out of the configuration may have left some.
      if (data.length === 0) assertKnown(loaded.config, query.agent, query.session);
      const toShown = toScreen(terminal);
      for (const run of data) terminal.print(json === true ? JSON.stringify(run) : toShown(toLine(run)));
      if (json === true) return;
      if (data.length === 0) terminal.note("There are none.");
      if (hasMore) terminal.note("There are more: --limit, --state, --agent and --session say which.");
    });
}

function createFollow(terminal: Terminal): Command {
  return addConfigOption(new Command("follow"))
    .argument("<id>", "the run, as `list` names it")
    .description("print what a run says, from its beginning or from an event on, until it ends")
    .option("--after <number>", "the number of the last event that one has", "0")
    .option("--json", "print the chunks of the stream instead of the text, one a line")
    .addHelpText("after", "\nCtrl-C ends the reading and not the run. A run that has no answer ends with status 1.")
    .action(async (id: string, { after, json, ...common }: FollowOptions) => {
      const call = mustFind(terminal, loadWithState(terminal, common));
      if (call === undefined) return;
      const path = `/v1/runs/${encodeURIComponent(id)}/events?${new URLSearchParams({ after }).toString()}`;
      try {
        await print(await call(path, { signal: terminal.ending }), terminal, json === true);
      } catch (error) {
        if (!terminal.ending.aborted) throw error;
        terminal.note("The run goes on.");
      }
    });
}

function createCancel(terminal: Terminal): Command {
  return addConfigOption(new Command("cancel"))
    .argument("<id>", "the run, as `list` names it")
    .description("end a run; its clients are told so, and its session has no turn of it")
    .action(async (id: string, common: CommonOptions) => {
      const call = mustFind(terminal, loadWithState(terminal, common));
      if (call === undefined) return;
      const response = await call(`/v1/runs/${encodeURIComponent(id)}/cancel`, { method: "POST" });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the contract says, and the gateway holds it
      const { ended_at: endedAt, state } = (await response.json()) as Run;
      terminal.print(
        endedAt === null || state === "cancelled" ? "The run is cancelled." : `The run had ended: ${state}.`,
      );
    });
}

/** Says so where no gateway runs. */
function mustFind(terminal: Terminal, loaded: LoadedConfig): CallGateway | undefined {
  noteWarnings(terminal, loaded);
  const call = findGateway(loaded);
  if (call === undefined) {
    terminal.note(`clawgate: no gateway runs on the state folder ${loaded.stateFolder}.`);
    terminal.fail(1);
  }
  return call;
}

function toLine({ id, state, agent_id: agent, session_key: session, key, detached, created_at: created }: Run): string {
  const whose = key === "operator" ? "" : `  key ${key}`;
  // Whatever reads it takes a line for a run.
  const named = session.replaceAll(/[\r\n]/g, "\u{fffd}");
  const at = new Date(created * 1000).toISOString().replace(".000", "");
  return `${id}  ${state.padEnd(11)}  ${at}  ${agent}  ${named}${whose}${detached ? "  detached" : ""}`;
}

/** Throws what the run has failed with. */
async function print(response: Response, terminal: Terminal, json: boolean): Promise<void> {
  const decoder = new TextDecoder();
  let failure: GatewayError | undefined;
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      if (json) terminal.print(data);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the contract says, and the gateway holds it
      const event = JSON.parse(data) as ChatCompletionChunk | ErrorBody;
      if ("error" in event) failure = new GatewayError(event.error.code, event.error.message);
      else if (!json) show(event, terminal);
    },
  });
  const read = async (): Promise<void> => {
    for await (const bytes of response.body ?? []) parser.feed(decoder.decode(bytes, { stream: true }));
  };
  await untilGone(response.url, read());
  if (!json) terminal.write("\n");
  if (failure !== undefined) throw failure;
}

function show({ choices: [choice] }: ChatCompletionChunk, terminal: Terminal): void {
  const text = choice?.delta.content ?? choice?.delta.refusal;
  if (text) terminal.write(toScreen(terminal)(text));
  for (const call of choice?.delta.tool_calls ?? [])
    if ("function" in call && call.function?.name) terminal.note(toOneLine(`calls the tool ${call.function.name}`));
}

/** What clients and models have said, as a screen may be told it; a file or a pipe gets it as it is. */
function toScreen({ interactive }: Terminal): (text: string) => string {
  return interactive ? toPrintable : (text) => text;
}
