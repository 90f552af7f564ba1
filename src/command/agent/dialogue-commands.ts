import type { AgentDoor, ListedAgent } from "./agent-door.ts";
import { toMessageText, toOneLine } from "./printable.ts";
import { GatewayError } from "../../base/errors.ts";
import { parseOperatorKey } from "../../session/key.ts";

/** With whom somebody talks, and where. */
export interface Place {
  readonly agentId: string;
  /** Without `agent:<id>:`. */
  readonly key: string;
}

export interface CommandParts {
  readonly door: AgentDoor;
  readonly place: Place;
  /** What stands behind the command's name. */
  readonly word: string;
  readonly print: (line: string) => void;
}

interface DialogueCommand {
  readonly usage: string;
  readonly does: string;
  /** Where the talk goes on; undefined for the end. */
  run(parts: CommandParts): Promise<Place | undefined>;
}

const listedMax = 20;
const shownMessages = 4;
const shownCharacters = 300;

const switchAgent: DialogueCommand = {
  usage: "/agent NAME",
  does: "talk to another agent, in its session of the same name; /model is the same",
  async run({ door, place, word, print }) {
    const agents = await door.listAgents();
    if (word === "") return list(agents, place, print);
    const next = { ...place, agentId: mustFind(agents, word).id };
    await showEnd(door, next, print);
    return next;
  },
};

const commands: Readonly<Record<string, DialogueCommand>> = {
  new: {
    usage: "/new",
    does: "begin a new session",
    run({ place, print }) {
      const next = { ...place, key: `chat-${new Date().toISOString().replace(/\D/g, "").slice(0, 17)}` };
      print(`session ${toFullKey(next)}`);
      return Promise.resolve(next);
    },
  },
  agent: switchAgent,
  model: switchAgent,
  agents: {
    usage: "/agents",
    does: "list the agents and their models",
    run: async ({ door, place, print }) => list(await door.listAgents(), place, print),
  },
  sessions: {
    usage: "/sessions",
    does: "list the sessions of this agent, the ones used last first",
    async run({ door, place, print }) {
      const sessions = (await door.listSessions(place.agentId)).slice(0, listedMax);
      for (const { key, updatedAt } of sessions) {
        const at = new Date(updatedAt).toISOString().slice(0, 16).replace("T", " ");
        print(`${key === toFullKey(place) ? "*" : " "} ${at}  ${toOneLine(key)}`);
      }
      if (sessions.length === 0) print("There are none yet.");
      return place;
    },
  },
  session: {
    usage: "/session KEY",
    does: "go on with another session",
    async run({ door, place, word, print }) {
      if (word === "") {
        print(toFullKey(place));
        return place;
      }
      const { agentId = place.agentId, key } = parseOperatorKey(word);
      const next = { agentId: mustFind(await door.listAgents(), agentId).id, key };
      await showEnd(door, next, print);
      return next;
    },
  },
  help: {
    usage: "/help",
    does: "say this",
    run({ place, print }) {
      const rows = Object.values(commands).filter((row, index, all) => all.indexOf(row) === index);
      for (const { usage, does } of rows) print(`${usage.padEnd(14)}${does}`);
      print('A line that ends in \\ goes on in the next one; """ begins and ends a message of several lines.');
      print("// at the beginning says a text that begins with /. Ctrl-C ends an answer, Ctrl-D the talk.");
      return Promise.resolve(place);
    },
  },
  exit: { usage: "/exit", does: "leave; so does Ctrl-D", run: () => Promise.resolve(undefined) },
};

/** A command and its word, or what is to be said to the agent. */
export function parseInput(text: string): { readonly command: DialogueCommand; readonly word: string } | string {
  const [, name = "", word = ""] = /^\/([a-z]+)(?:\s+(\S.*))?$/s.exec(text.trimEnd()) ?? [];
  if (name === "") return text.startsWith("//") ? text.slice(1) : text;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return { command, word };
  throw new GatewayError("invalid_value", `There is no /${name.slice(0, 64)}. /help says what there is.`);
}

export function toFullKey({ agentId, key }: Place): string {
  return `agent:${agentId}:${key}`;
}

export function mustFind(agents: readonly ListedAgent[], id: string): ListedAgent {
  const agent = agents.find((one) => one.id === id);
  if (agent !== undefined) return agent;
  const known = agents.slice(0, 10).map((one) => one.id);
  throw new GatewayError("model_not_found", `There is no agent '${id.slice(0, 64)}'. There are: ${known.join(", ")}.`);
}

/** What was said last, for whoever comes back. */
export async function showEnd(door: AgentDoor, place: Place, print: CommandParts["print"]): Promise<void> {
  print(`${place.agentId}, session ${toFullKey(place)}`);
  for (const message of await door.readEnd({ agentId: place.agentId, sessionKey: toFullKey(place) }, shownMessages)) {
    const text = toMessageText(message);
    const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text;
    if (message.role !== "toolResult" && shown !== "") print(`${message.role === "user" ? "> " : "  "}${shown}`);
  }
}

function list(agents: readonly ListedAgent[], place: Place, print: CommandParts["print"]): Place {
  for (const { id, model, isDefault } of agents)
    print(`${id === place.agentId ? "*" : " "} ${id}  ${model}${isDefault ? "  (the default)" : ""}`);
  return place;
}
