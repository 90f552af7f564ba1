import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onEnd } from "./end.fixture.ts";
import { compileCache } from "./compile-cache.fixture.ts";
import { type Ended, type Place, type StartedGateway, startListening } from "./command.fixture.ts";
import { testToken } from "./gateway.fixture.ts";

// Commands as processes: for signals, pipes, and what two processes have to agree on. Each costs a third of a second of
// CPU; everything else that a command does is tried in process (command.fixture.ts).

const entry = join(import.meta.dirname, "../src/cli.ts");
/** What users start: it sees to what can be set by the start of a process alone. */
export const program = join(import.meta.dirname, "../bin/clawgate.mjs");
/** A process that still runs then never ends, which its test shall see. */
const patienceMs = 90_000;

export interface Running {
  readonly process: ChildProcess;
  /** What has come so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

/** Starts `clawgate …` with standard input left open; what still runs when the test is finished is killed. */
export function start({ folder, environment }: Place, args: readonly string[], script = entry): Running {
  const env = { ...compileCache, ...environment };
  const child = spawn(process.execPath, [script, ...args], { cwd: folder, env });
  const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  onEnd(() => void child.kill("SIGKILL"));
  let output = "";
  let notes = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  const ended = once(child, "close").then(([status]): Ended => {
    clearTimeout(patience);
    return { status: status as number | null, output, notes };
  });
  return { process: child, output: () => output, ended };
}

/** Runs a command to its end, with this standard input. */
export function runProcess(place: Place, args: readonly string[], input = ""): Promise<Ended> {
  const { process: child, ended } = start(place, args);
  // A command that ends without reading it breaks the pipe.
  child.stdin?.on("error", () => undefined).end(input);
  return ended;
}

export interface GatewayProcess extends Running, StartedGateway {}

/** Starts `clawgate gateway` and waits until it says where it listens. */
export async function startProcess(place: Place, token = testToken, script = entry): Promise<GatewayProcess> {
  const running = start(place, ["gateway"], script);
  const { stdout } = running.process;
  const more = async (): Promise<void> => void (stdout !== null && (await once(stdout, "data")));
  const stop = (): Promise<Ended> => {
    running.process.kill("SIGTERM");
    return running.ended;
  };
  return { ...running, ...(await startListening({ ...running, more, stop }, token)) };
}
