import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";
import type { Line } from "./lines.ts";
import { Terminal } from "./terminal.ts";

/** Somebody with one npm, an empty home and a clone. */
export interface Stranger {
  readonly npm: string;
  readonly checkout: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the usual one of the documents is another for him, since this machine may have it taken. */
  readonly port: number;
}

export async function createStranger(npm: string, root: string, folder: string): Promise<Stranger> {
  const [checkout, home] = [join(folder, "clawgate"), join(folder, "home")];
  mkdirSync(home);
  const bin = installNpm(npm, join(folder, "npm"));
  execFileSync("git", ["clone", "-q", root, checkout]);
  const port = await findPort();
  // This script is run by npm, whose path has the checkout's programs.
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.includes("node_modules"));
  const machine = findMachineConfig(path);
  const environment = {
    PATH: [bin, ...path].join(delimiter),
    HOME: home,
    OPENCLAW_GATEWAY_PORT: String(port),
    npm_config_update_notifier: "false",
    // A registry that does not answer is no matter of patience: with npm's own it would be minutes.
    npm_config_fetch_retries: "0",
    npm_config_fetch_timeout: "30000",
    ...(machine === undefined ? {} : { npm_config_globalconfig: machine }),
  };
  return { npm, checkout, environment, port };
}

/**
 * How this machine reaches the registry. npm looks for it beside the Node that runs it, which need not be the one that the
 * machine's own npm came with.
 */
function findMachineConfig(path: readonly string[]): string | undefined {
  const named = process.env["npm_config_globalconfig"] ?? [];
  return [named, path.map((folder) => join(folder, "../etc/npmrc"))].flat().find((file) => existsSync(file));
}

/** The same with another empty home, and with the Node that a package needs: only a checkout brings its own. */
export function toPackageUser(stranger: Stranger): Stranger {
  const { HOME = "", PATH = "" } = stranger.environment;
  const [home, path] = [`${HOME}-of-package`, [dirname(process.execPath), PATH].join(delimiter)];
  mkdirSync(home);
  return { ...stranger, environment: { ...stranger.environment, HOME: home, PATH: path } };
}

/** An npm of this version, alone in a folder for the path. */
function installNpm(version: string, folder: string): string {
  execFileSync("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", `npm@${version}`]);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["npm", "npx"]) symlinkSync(join(folder, `node_modules/npm/bin/${name}-cli.js`), join(bin, name));
  return bin;
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const answer = "6 times 7 = 42";

/**
 * Types the lines, one after the other. What starts a gateway has the first terminal, which goes on, and what follows is typed
 * into a second one in the same folder. Throws where a line fails, or prints something else than is shown.
 */
export async function typeAll(stranger: Stranger, lines: readonly Line[]): Promise<void> {
  const toLocal = (text: string): string => text.replaceAll("18789", String(stranger.port));
  const terminals = [new Terminal(stranger.checkout, stranger.environment)];
  try {
    for (const { text, shown } of lines) {
      const terminal = terminals.at(-1);
      if (terminal === undefined) return;
      const started = performance.now();
      const isGateway = /(?:npm start|clawgate gateway)$/.test(text);
      // oxlint-disable no-await-in-loop -- one after the other, as a person types
      if (isGateway) {
        const folder = (await terminal.type("pwd")).trim();
        const said = await terminal.start(toLocal(text), /^ {2}state .*\n/m);
        assertShown(text, said, toLocal(shown ?? ""), "in it");
        terminals.push(new Terminal(folder, stranger.environment));
      } else {
        const said = await terminal.type(toLocal(text));
        if (shown !== undefined) assertShown(text, said, shown, "whole");
        if (text.startsWith("curl ")) assertShown(text, said, answer, "in it");
      }
      // oxlint-enable no-await-in-loop
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`npm ${stranger.npm}: ${seconds.padStart(5)} s  ${text.split("\n")[0] ?? ""}`);
    }
  } finally {
    await Promise.all(terminals.map((terminal) => terminal.close()));
  }
}

function assertShown(text: string, said: string, shown: string, how: "whole" | "in it"): void {
  const missing = shown.split("\n").filter((line) => !said.includes(line.split("…")[0] ?? ""));
  if (how === "whole" ? said !== shown : missing.length > 0)
    throw new Error(`${text}\nprints\n${said}instead of\n${how === "whole" ? shown : missing.join("\n")}`);
}
