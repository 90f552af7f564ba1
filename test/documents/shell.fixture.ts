// Runs what the documentation tells to type, in a folder that looks like a checkout, against a gateway that runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileCache } from "../compile-cache.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { root } from "./pages.fixture.ts";

/** What looks like a checkout, and the gateway that runs on it. */
export interface Checkout {
  readonly folder: string;
  /** Of the gateway, without a slash at the end. */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/**
 * What the words `npx` and `npm` do there: the same programs, without a second for npm each time. That npm itself takes these lines
 * is shown by test/command/npx.test.ts.
 */
const npx = `#!/bin/sh
program=$1; shift
if [ "$program" = clawgate ]; then exec "${process.execPath}" "${root}/bin/clawgate.mjs" "$@"; fi
if [ "$program" = node ]; then exec "${process.execPath}" "$@"; fi
exec "${root}/node_modules/.bin/$program" "$@"
`;
const npm = `#!/bin/sh
if [ "$1" = ci ]; then exit 0; fi
if [ "$1" = start ]; then exec "${process.execPath}" "${root}/bin/clawgate.mjs" gateway; fi
echo "npm $*: not here" >&2; exit 1
`;

const clawgate = `#!/bin/sh
exec "${process.execPath}" "${root}/bin/clawgate.mjs" "$@"
`;

/** Makes a folder look like a checkout, with the package under its name too. */
function furnish(folder: string): void {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, text] of Object.entries({ npx, npm, clawgate })) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  for (const name of ["examples", "clawgate.json5"]) symlinkSync(join(root, name), join(folder, name));
  const modules = join(folder, "node_modules");
  for (const from of ["node_modules", "test/client/node_modules"]) linkAll(join(root, from), modules);
  const named = join(folder, "package");
  mkdirSync(named);
  writeFileSync(
    join(named, "package.json"),
    '{ "type": "module", "exports": { ".": "./a.ts", "./client": "./b.ts" } }',
  );
  writeFileSync(join(named, "a.ts"), `export * from "${root}/src/index.ts";`);
  writeFileSync(join(named, "b.ts"), `export * from "${root}/generated/client/index.ts";`);
  symlinkSync(named, join(modules, "clawgate"));
}

/** Links every package of one folder into another that has none of that name. */
function linkAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith("@")) linkAll(join(from, name), join(to, name));
    else if (!name.startsWith(".") && !existsSync(join(to, name))) symlinkSync(join(from, name), join(to, name));
  }
}

/** Starts `clawgate gateway` in a folder of its own. */
export async function openCheckout(): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-documents-"));
  furnish(folder);
  const environment: Record<string, string> = {
    ...compileCache,
    HOME: folder,
    OPENCLAW_STATE_DIR: join(folder, "state"),
    OPENCLAW_GATEWAY_PORT: "0",
    OPENCLAW_GATEWAY_TOKEN: testToken,
    PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
  };
  const child = spawn(join(folder, "bin/npm"), ["start"], { cwd: folder, env: environment });
  const ended = once(child, "close");
  let output = "";
  let url: string | undefined;
  for await (const text of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
    url = /listens on (\S+)/.exec((output += text))?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`The gateway ended with ${output}`);
  Object.assign(environment, { OPENAI_API_KEY: testToken, TOKEN: testToken, OPENAI_BASE_URL: `${url}/v1` });
  return {
    folder,
    url,
    environment,
    async close() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Said {
  readonly status: number | null;
  readonly output: string;
  readonly notes: string;
}

/** Runs a program to its end, or until it says `until`, which a gateway does that would go on for ever. */
export function play(
  { folder, environment }: Checkout,
  program: string,
  args: readonly string[],
  until?: RegExp,
): Promise<Said> {
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  // A group of its own, so that what the shell has started ends with it.
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let [output, notes] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (until?.test(output) === true && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  child.on("error", reject);
  child.on("close", (status) => resolve({ status, output, notes }));
  return promise;
}
