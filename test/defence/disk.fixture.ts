import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createPlace, type Place, type StartedGateway, startListening, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";

const entry = join(import.meta.dirname, "../../src/cli.ts");

function works(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Says why tests are left out, where they cannot be run: nobody shall take that for a pass. */
function demand(what: string, isThere: boolean): boolean {
  if (!isThere) console.warn(`SKIPPED, AND NOT SHOWN BY THIS RUN: ${what}`);
  return isThere;
}

export const canTrace = demand(
  "what the gateway does with a disk that fails or is slow, and the order of its flushes: `strace` does not work here",
  works("strace", "-f", "-o", "/dev/null", "true"),
);

export const canMount = demand(
  "what the gateway does with a full disk: this process may not mount a file system",
  mountOnce(),
);

function mountOnce(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-mount-"));
  const mounted = works("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) && works("umount", folder);
  rmSync(folder, { recursive: true });
  return mounted;
}

/** A place whose state folder is a file system of its own, of so many megabytes. */
export function createSmallPlace(megabytes: number): Place {
  const place = createPlace(options);
  mkdirSync(place.stateFolder, { mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", place.stateFolder]);
  onEnd(() => execFileSync("umount", ["--lazy", place.stateFolder]));
  return place;
}

const options = { config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } };

export interface Traced extends StartedGateway {
  readonly place: Place;
  readonly process: ChildProcess;
  /** The system calls so far, in the order of their beginnings and ends. */
  readonly trace: () => string[];
}

/** `clawgate gateway` as a process, under strace where there are arguments for it. */
export async function startTraced(
  strace: readonly string[] = [],
  place: Place = createPlace(options),
): Promise<Traced> {
  const file = join(place.folder, "trace");
  // Where the kernel picks the calls, which is fast, strace sends no signals.
  const fast = strace.some((one) => one.includes(":signal=")) ? [] : ["--seccomp-bpf"];
  // With `-D` strace is the one that is detached, and the process here is the gateway.
  const before = strace.length === 0 ? [] : ["strace", "-D", "-f", ...fast, "-yy", "-o", file, ...strace];
  const [program, ...args] = [...before, process.execPath, entry, "gateway"] as const;
  const child = spawn(program ?? process.execPath, args, {
    cwd: place.folder,
    env: { ...process.env, ...place.environment },
  });
  onEnd(async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  });
  let [output, notes] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  const ended = once(child, "close").then(([status]) => ({ status: status as number | null, output, notes }));
  const started = await startListening(
    {
      output: () => output,
      ended,
      more: async () => void (await once(child.stdout, "data")),
      stop() {
        child.kill("SIGTERM");
        return ended;
      },
    },
    testToken,
  );
  return { ...started, place, process: child, trace: () => readFileSync(file, "latin1").split("\n") };
}

/** The texts of all answers that are stored, read past the gateway. */
export function readAnswers({ stateFolder }: Place): string[] {
  using database = new DatabaseSync(join(stateFolder, "sessions.sqlite"), { readOnly: true, timeout: 10_000 });
  return database
    .prepare("SELECT body FROM message ORDER BY rowid")
    .all()
    .map(({ body }) => JSON.parse(String(body)) as { readonly role: string; readonly content: string })
    .filter(({ role }) => role === "assistant")
    .map(({ content }) => content);
}
