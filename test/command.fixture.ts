import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { onEnd } from "./end.fixture.ts";
import { plain } from "../src/base/paint.ts";
import { runCommand } from "../src/command/program.ts";
import type { Terminal } from "../src/command/terminal.ts";
import { createContractFetch } from "./wire/contract-fetch.ts";
import { testToken, type TestGateway } from "./gateway.fixture.ts";

// Commands in process, on a terminal of their own; test/process.fixture.ts has them as processes.

/** A place of its own for each test: working directory, home, state and configuration. */
export interface Place {
  readonly folder: string;
  readonly stateFolder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface PlaceOptions {
  /** The text of the configuration, or the value. Without it there is none. */
  readonly config?: string | object;
  readonly environment?: Readonly<Record<string, string>>;
}

export function createPlace({ config, environment }: PlaceOptions = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-cli-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const stateFolder = join(folder, "state");
  const own: Record<string, string> = { HOME: folder, OPENCLAW_STATE_DIR: stateFolder };
  if (config !== undefined) {
    own["OPENCLAW_CONFIG_PATH"] = join(folder, "config.json5");
    writeFileSync(own["OPENCLAW_CONFIG_PATH"], typeof config === "string" ? config : JSON.stringify(config));
  }
  return { folder, stateFolder, environment: { ...own, ...environment } };
}

/** A gateway that may start beside any other: a free port, the endpoint enabled, agents `main` and `beta`. */
export const usual = {
  // A busy machine is no overload.
  gateway: { port: 0, limits: { loopDelayMs: 0 }, http: { endpoints: { chatCompletions: { enabled: true } } } },
  models: { providers: { embedded: { api: "embedded", directives: true } } },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
};

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly notes: string;
}

/** Of the gateways that run in this process, what a hang-up does. */
const hangUps = new Set<() => void>();

interface Played {
  /** What has come so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

/** Plays `clawgate …` on a terminal that writes down what it is told. */
function play(
  { folder, environment }: Place,
  args: readonly string[],
  input: string,
  ending: AbortSignal,
  heard: (text: string) => void = () => undefined,
  person?: Terminal["person"],
  interactive = false,
): Played {
  let [status, output, notes] = [0, "", ""];
  const terminal: Terminal = {
    environment,
    cwd: folder,
    flags: [],
    print: (text) => terminal.write(`${text}\n`),
    write(text) {
      output += text;
      heard(text);
    },
    note(text) {
      notes += `${text}\n`;
      heard(`${text}\n`);
    },
    paint: { print: plain, note: plain },
    log: { write: (line) => void (notes += line) },
    interactive,
    person,
    readInput: () => Promise.resolve(input),
    ending,
    // Of processes there is one here.
    onHangUp(reload) {
      hangUps.add(reload);
      onEnd(() => hangUps.delete(reload));
    },
    hangUp() {
      for (const reload of hangUps) reload();
    },
    leave: () => undefined,
    fail: (failed) => void (status = failed),
  };
  const ended = runCommand(terminal, args).then(() => ({ status, output, notes }));
  return { output: () => output, ended };
}

/** Runs a command to its end, with this standard input. */
export function run(place: Place, args: readonly string[], input = ""): Promise<Ended> {
  return play(place, args, input, new AbortController().signal).ended;
}

/** The same, with a screen that shows what is printed. */
export function watch(place: Place, args: readonly string[]): Promise<Ended> {
  return play(place, args, "", new AbortController().signal, undefined, undefined, true).ended;
}

/** Somebody at a keyboard that is no terminal: lines go in whole, and nothing is drawn. */
export interface Sitting {
  /** Types these lines; undefined is the end of all typing. */
  readonly type: (...lines: readonly (string | undefined)[]) => void;
  /** Waits until what has come on the screen matches. */
  readonly until: (pattern: RegExp) => Promise<void>;
  readonly ended: Promise<Ended>;
}

export function sit(place: Place, args: readonly string[]): Sitting {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let screen = "";
  const waiting = new Set<() => void>();
  const heard = (text: string): void => {
    screen += text;
    for (const look of waiting) look();
  };
  output.setEncoding("utf8").on("data", heard);
  const ending = new AbortController();
  onEnd(() => ending.abort());
  const { ended } = play(place, args, "", ending.signal, heard, { input, output });
  return {
    ended,
    type(...lines) {
      for (const line of lines) {
        if (line === undefined) input.end();
        else input.write(`${line}\n`);
      }
    },
    async until(pattern) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (pattern.test(screen)) resolve();
      };
      waiting.add(look);
      look();
      const giveUp = (): never => {
        throw new Error(`It ended with: ${screen}`);
      };
      await Promise.race([promise, ended.then(() => (pattern.test(screen) ? undefined : giveUp()))]);
      waiting.delete(look);
    },
  };
}

export interface StartedGateway extends Played, Pick<TestGateway, "chat" | "fetch" | "url"> {
  /** Tells it to end, as SIGTERM does, and waits for the end. */
  stop(): Promise<Ended>;
}

/** `clawgate gateway`, ended when the test is finished; waits until it says where it listens. */
export function startCommand(place: Place, token = testToken, args: readonly string[] = []): Promise<StartedGateway> {
  const ending = new AbortController();
  let heard = (): void => undefined;
  const played = play(place, ["gateway", ...args], "", ending.signal, () => heard());
  const more = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  const stop = (): Promise<Ended> => {
    ending.abort();
    return played.ended;
  };
  onEnd(() => void stop());
  return startListening({ ...played, more, stop }, token);
}

interface Starting extends Played {
  /** Resolves when something more has been printed. */
  readonly more: () => Promise<void>;
  readonly stop: () => Promise<Ended>;
}

/** A gateway that says where it listens; throws if it ends instead. */
export async function startListening(starting: Starting, token: string): Promise<StartedGateway> {
  const { output, ended, stop } = starting;
  const url = await Promise.race([readUrl(starting), ended.then(refuse)]);
  const contractFetch = createContractFetch();
  return {
    output,
    ended,
    url,
    fetch: contractFetch,
    chat: (body, headers = {}) =>
      contractFetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    stop,
  };
}

async function readUrl({ output, more }: Starting): Promise<string> {
  for (;;) {
    const url = /listens on (http:\/\/\S+)/.exec(output())?.[1];
    if (url !== undefined) return url;
    await more();
  }
}

function refuse({ status, notes }: Ended): never {
  throw new Error(`The gateway ended with status ${status}: ${notes}`);
}

/** Where `agent` can run agents, and the arguments that it takes. Whichever it is, the same is said and kept. */
export const agentWays: readonly { readonly way: string; readonly open: (place: Place) => Promise<string[]> }[] = [
  { way: "in its own process", open: () => Promise.resolve(["agent", "--local"]) },
  {
    way: "by the gateway that runs",
    async open(place) {
      await startCommand(place);
      return ["agent"];
    },
  },
];
