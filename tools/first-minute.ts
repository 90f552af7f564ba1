// Does what a stranger does: clones the checkout, has nothing at home, and types the README's lines from top to bottom,
// with each npm whose version is given. Fails where a line fails, or prints something else than the README says.
//   npm run first-minute -- 10.8.2 12.2.1
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");

interface Block {
  readonly language: "sh" | "console";
  readonly text: string;
}

/** The README's shell, but for what needs a server of one's own. */
function listBlocks(): Block[] {
  const text = readFileSync(join(root, "README.md"), "utf8");
  return [...text.matchAll(/^```(sh|console)\n([^]*?)^```$/gm)].flatMap(([, language, block = ""]) =>
    block.includes("…") && !block.startsWith("$ npm ci")
      ? []
      : [{ language: language as Block["language"], text: block }],
  );
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** An npm of this version, alone in a folder for the path. */
function installNpm(version: string, folder: string): string {
  execFileSync("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", `npm@${version}`]);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["npm", "npx"]) symlinkSync(join(folder, `node_modules/npm/bin/${name}-cli.js`), join(bin, name));
  return bin;
}

async function tryWith(version: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-first-"));
  const [checkout, home] = [join(folder, "clawgate"), join(folder, "home")];
  mkdirSync(home);
  let stop = (): void => undefined;
  try {
    const bin = installNpm(version, join(folder, "npm"));
    execFileSync("git", ["clone", "-q", root, checkout]);
    const port = await findPort();
    const environment = {
      // This script is run by npm, whose path has the checkout's programs.
      PATH: [bin, ...(process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.includes("node_modules"))].join(
        delimiter,
      ),
      HOME: home,
      npm_config_update_notifier: "false",
    };
    const toLocal = (text: string): string => text.replaceAll("18789", String(port));
    let session = "";
    for (const { language, text } of listBlocks()) {
      if (text.startsWith("$ npm ci")) {
        const started = performance.now();
        execFileSync("npm", ["ci"], { cwd: checkout, env: environment, stdio: ["ignore", "ignore", "inherit"] });
        console.log(`npm ${version}: npm ci took ${Math.round((performance.now() - started) / 1000)} s`);
        const env = { ...environment, OPENCLAW_GATEWAY_PORT: String(port) };
        const gateway = spawn("npm", ["start"], {
          cwd: checkout,
          env,
          detached: true,
          stdio: ["ignore", "pipe", "ignore"],
        });
        stop = () => void (gateway.pid !== undefined && process.kill(-gateway.pid, "SIGTERM"));
        let banner = "";
        gateway.stdout.setEncoding("utf8").on("data", (part: string) => (banner += part));
        while (!/^ {2}state /m.test(banner)) await once(gateway.stdout, "data");
        const wanted = toLocal(text).split("\n").slice(1, -1);
        const missing = wanted.filter((line) => !banner.includes(line.split("…")[0] ?? ""));
        if (missing.length > 0) throw new Error(`The start does not say:\n${missing.join("\n")}\nbut:\n${banner}`);
        continue;
      }
      const [command, wanted] =
        language === "sh" ? [text, undefined] : [text.replace(/^\$ (.*)\n[^]*$/, "$1"), text.replace(/^.*\n/, "")];
      const line = toLocal(command);
      if (line.startsWith("export ")) session += line;
      else {
        const output = execFileSync("bash", ["--norc", "-euo", "pipefail", "-c", `${session}${line}`], {
          cwd: checkout,
          env: environment,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "inherit"],
        });
        if (wanted !== undefined && output !== wanted)
          throw new Error(`${command}\nprints\n${output}instead of\n${wanted}`);
        if (wanted === undefined && !output.includes("6 times 7 = 42"))
          throw new Error(`${command}\nprints\n${output}`);
      }
      console.log(`npm ${version}: ${command.split("\n")[0] ?? ""} – as the README says`);
    }
  } finally {
    stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const versions = process.argv.slice(2);
if (versions.length === 0) throw new Error("npm run first-minute -- VERSIONS of npm, such as 10.8.2 12.2.1");
// oxlint-disable-next-line no-await-in-loop -- one after the other: each takes the whole machine
for (const version of versions) await tryWith(version);
