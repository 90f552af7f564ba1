import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onEnd } from "../../end.fixture.ts";
import type { CommandLine, Place } from "./command-lines.fixture.ts";

/** Those few that `npm ci` brings. */
const installed = join(import.meta.dirname, "../../../node_modules");
/** Beside the other caches of this checkout; some hundred megabytes each. */
const cache = join(import.meta.dirname, "../../../node_modules/.cache/command-lines");

/** The client's program, where it is installed. */
export function findProgram(client: CommandLine): string | undefined {
  return [installed, toModules(client)].map((modules) => join(modules, client.program)).find(existsSync);
}

function toModules(client: CommandLine): string {
  return join(cache, client.package.replaceAll(/[/@]/g, "_"), "node_modules");
}

/** Gets a client's package from npm, as it is; none of its scripts is run. */
export async function install(client: CommandLine): Promise<void> {
  const folder = dirname(toModules(client));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", client.package];
  await once(spawn("npm", args, { cwd: folder, stdio: "inherit", shell: process.platform === "win32" }), "close");
  if (findProgram(client) === undefined) throw new Error(`npm did not install ${client.package}.`);
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

export interface Home {
  readonly folder: string;
  readonly home: string;
  readonly project: string;
}

export function createHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-client-"));
  // What a client leaves running in the background may still write there.
  onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  const [home, project] = [join(folder, "home"), join(folder, "project")];
  for (const one of [home, project]) mkdirSync(one);
  return { folder, home, project };
}

/** Lets a client answer one prompt, in a home and a project of its own. */
export async function answerPrompt(
  client: CommandLine,
  { folder, ...home }: Home,
  prompt: string,
  gateway: Omit<Place, keyof Home>,
): Promise<Ran> {
  const program = findProgram(client) ?? "";
  const place: Place = { ...home, ...gateway };
  const { args, before, environment = {}, files = {} } = client.toSetup(prompt, place);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(content));
  }
  const start = (words: readonly string[]): Promise<Ran> =>
    runProgram(program, words, place.project, { ...toEnvironment(folder, place.home), ...environment });
  if (before !== undefined) await start(before);
  return start(args);
}

/** Nothing of this process's own but the path: keys in it would lead a client elsewhere. */
function toEnvironment(folder: string, home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_STATE_HOME: join(home, ".local/state"),
    TMPDIR: folder,
    NO_COLOR: "1",
    CI: "1",
    TERM: "dumb",
    DO_NOT_TRACK: "1",
  };
}

const patienceMs = 200_000;

async function runProgram(
  program: string,
  words: readonly string[],
  folder: string,
  env: Record<string, string>,
): Promise<Ran> {
  const isScript = /\.m?js$/.test(program);
  const child = spawn(isScript ? process.execPath : program, isScript ? [program, ...words] : words, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const kill = (): void => {
    try {
      // With all that it has started: the group has its number.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of it has ended by itself.
    }
  };
  const patience = setTimeout(kill, patienceMs);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [status] = (await once(child, "exit")) as [number | null];
  clearTimeout(patience);
  kill();
  return { status, output };
}
