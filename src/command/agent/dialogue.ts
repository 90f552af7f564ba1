import { createInterface, type Interface } from "node:readline";
import { styleText } from "node:util";
import type { AgentDoor, Asked } from "./agent-door.ts";
import { mustFind, parseInput, type Place, showEnd, toFullKey } from "./dialogue-commands.ts";
import { LineHistory } from "./line-history.ts";
import { MessageLines } from "./message-lines.ts";
import { toOneLine, toPrintable } from "./printable.ts";
import type { Terminal } from "../terminal.ts";
import { toStateFolder } from "../../base/config/source.ts";
import { GatewayError } from "../../base/errors.ts";
import { parseOperatorKey } from "../../session/key.ts";

/** Talks with a person until they leave. */
export async function holdDialogue(
  door: AgentDoor,
  begin: Pick<Asked, "agentId" | "sessionKey">,
  person: NonNullable<Terminal["person"]>,
  terminal: Terminal,
): Promise<void> {
  const place = await toPlace(door, begin);
  const note = (text: string): void => terminal.note(toPrintable(text));
  await showEnd(door, place, note);
  note("/help says what there is; Ctrl-D leaves.");
  const history = new LineHistory(toStateFolder(terminal.environment), note);
  const reader = createInterface({
    ...person,
    history: history.read().toReversed(),
    historySize: historyMax,
    removeHistoryDuplicates: true,
  });
  const leave = (): void => reader.close();
  terminal.ending.addEventListener("abort", leave, { once: true });
  try {
    await new Dialogue({ door, terminal, reader, history, note }, place).hold();
  } finally {
    terminal.ending.removeEventListener("abort", leave);
    reader.close();
  }
}

const historyMax = 500;

interface DialogueParts {
  readonly door: AgentDoor;
  readonly terminal: Terminal;
  readonly reader: Interface;
  readonly history: LineHistory;
  readonly note: (text: string) => void;
}

class Dialogue {
  readonly #parts: DialogueParts;
  readonly #lines = new MessageLines();
  #place: Place;
  /** Of the answer that is coming. */
  #answer: AbortController | undefined;

  constructor(parts: DialogueParts, place: Place) {
    this.#parts = parts;
    this.#place = place;
    parts.reader.on("SIGINT", () => this.#interrupt());
  }

  /** Lines that are typed while an answer comes wait for its end. */
  async hold(): Promise<void> {
    const { reader, history } = this.#parts;
    this.#prompt();
    for await (const line of reader) {
      history.add(line);
      const message = this.#lines.add(line);
      if (message !== undefined && message.trim() !== "" && !(await this.#take(message))) return;
      if (this.#parts.terminal.ending.aborted) return;
      this.#prompt();
    }
    // Ctrl-D leaves the cursor behind the prompt.
    this.#parts.terminal.write("\n");
  }

  #prompt(): void {
    const text = this.#lines.isOpen ? "... " : `${this.#place.agentId}> `;
    const { environment } = this.#parts.terminal;
    const isPlain = Boolean(environment["NO_COLOR"]) || environment["TERM"] === "dumb";
    this.#parts.reader.setPrompt(isPlain ? text : styleText("cyan", text, { validateStream: false }));
    this.#parts.reader.prompt();
  }

  /** Returns false for the end. */
  async #take(text: string): Promise<boolean> {
    const { door, note } = this.#parts;
    try {
      const input = parseInput(text);
      if (typeof input === "string") {
        await this.#say(input);
        return true;
      }
      const next = await input.command.run({ door, place: this.#place, word: input.word, print: note });
      if (next === undefined) return false;
      this.#place = next;
    } catch (cause) {
      const { message } = GatewayError.from(cause);
      note(message);
    }
    return true;
  }

  async #say(message: string): Promise<void> {
    const { door, terminal, reader, note } = this.#parts;
    this.#answer = new AbortController();
    // What is typed meanwhile shall not draw it in the middle of the answer.
    reader.setPrompt("");
    let isLineOpen = false;
    const endLine = (): void => {
      if (isLineOpen) terminal.write("\n");
      isLineOpen = false;
    };
    try {
      await door.run(
        { agentId: this.#place.agentId, sessionKey: toFullKey(this.#place), message },
        {
          signal: AbortSignal.any([this.#answer.signal, terminal.ending]),
          onBegin: () => undefined,
          onText(text) {
            terminal.write(toPrintable(text));
            isLineOpen = true;
          },
          onNote(text) {
            endLine();
            note(toOneLine(text));
          },
        },
      );
    } finally {
      endLine();
      this.#answer = undefined;
    }
  }

  /** Ends the answer that is coming; where none is, takes back what was typed. */
  #interrupt(): void {
    const { reader, terminal } = this.#parts;
    if (this.#answer !== undefined) {
      this.#answer.abort(new GatewayError("cancelled", "The answer was ended; nothing of it is kept."));
      return;
    }
    reader.write(null, { ctrl: true, name: "e" });
    reader.write(null, { ctrl: true, name: "u" });
    this.#lines.clear();
    terminal.write("^C\n");
    this.#prompt();
  }
}

async function toPlace(
  door: AgentDoor,
  { agentId, sessionKey }: Pick<Asked, "agentId" | "sessionKey">,
): Promise<Place> {
  const agents = await door.listAgents();
  const named = parseOperatorKey(sessionKey);
  const id = named.agentId ?? agentId ?? agents.find(({ isDefault }) => isDefault)?.id ?? "main";
  if (agentId !== undefined && agentId !== id)
    throw new GatewayError(
      "agent_conflict",
      `--session-key belongs to the agent '${id}', but --agent is '${agentId}'.`,
    );
  return { agentId: mustFind(agents, id).id, key: named.key };
}
