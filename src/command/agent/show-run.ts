import type { AgentDoor, Asked, BegunRun } from "./agent-door.ts";
import { toOneLine, toPrintable } from "./printable.ts";
import { toAdvice } from "../operator-advice.ts";
import type { Terminal } from "../terminal.ts";
import { GatewayError } from "../../base/errors.ts";

/** Runs an agent once and prints what it says, as it says it or as one JSON object. Sets the status of a failure. */
export async function showRun(door: AgentDoor, asked: Asked, json: boolean, terminal: Terminal): Promise<void> {
  let begun: BegunRun | undefined;
  let hasText = false;
  const toShown = terminal.interactive ? toPrintable : (text: string): string => text;
  try {
    const said = await door.run(asked, {
      signal: terminal.ending,
      onBegin(run) {
        begun = run;
        if (terminal.interactive && !json) terminal.note(`${run.agentId}, session ${run.sessionKey}`);
      },
      onText(text) {
        if (json) return;
        hasText = true;
        terminal.write(toShown(text));
      },
      // Read by a person, wherever the text goes.
      onNote: (text) => void (json || terminal.note(toOneLine(text))),
    });
    if (!json) return terminal.write("\n");
    const { toolCalls, ...others } = said;
    const { runId, agentId: agent, sessionKey } = begun ?? noRun;
    const calls = toolCalls.length === 0 ? {} : { toolCalls };
    terminal.print(JSON.stringify({ runId, status: "ok", agent, sessionKey, ...others, ...calls }));
  } catch (cause) {
    // Who was refused before anything began has made a mistake.
    if (begun === undefined) throw cause;
    const error = GatewayError.from(cause);
    // On a screen what went wrong stands on a line of its own.
    if (hasText && terminal.interactive) terminal.write("\n");
    if (json) terminal.print(JSON.stringify({ runId: begun.runId, status: "error", ...error.toBody() }));
    else terminal.note(`${terminal.paint.note("bad", "clawgate:")} ${error.code}: ${toAdvice(error)}`);
    terminal.fail(1);
  }
}

const noRun: BegunRun = { runId: "", agentId: "", sessionKey: "" };
