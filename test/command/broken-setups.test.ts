import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, type Place, run, startCommand } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { type Broken, secretKey, setups, type Says } from "./broken-setups.fixture.ts";

// Each ends with a sentence that names the place and the remedy. `SHOW_MESSAGES=1 npx vitest run …` prints them.

interface Told {
  readonly text: string;
  readonly status: number | null;
}

/** What somebody is told who looks there. */
const looks: { readonly [Where in keyof Says]-?: (place: Place, broken: Broken) => Promise<Told> } = {
  start: async (place) => toTold(await run(place, ["gateway"])),
  doctor: async (place) => toTold(await run(place, ["doctor"])),
  agent: async (place) => toTold(await run(place, ["agent", "hi"])),
  async request(place, { later, headers = {} }) {
    const gateway = await startCommand({
      ...place,
      environment: { OPENCLAW_GATEWAY_TOKEN: testToken, ...place.environment },
    });
    later?.(place);
    const answer = await ask(gateway.url, headers);
    const { notes } = await gateway.stop();
    return { text: `${answer}\n${notes}`, status: null };
  },
};

const toTold = ({ status, output, notes }: Ended): Told => ({ status, text: output + notes });

/** By Node's own client, which lets a test say any `Host`. */
async function ask(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const sent = request(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testToken}`, "content-type": "application/json", ...headers },
  });
  sent.end(JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "hi" }] }));
  const [answer] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  return text(answer);
}

describe.each(setups)("$kind $name", (broken) => {
  const { create, says, runIf } = broken;
  for (const where of Object.keys(looks) as (keyof Says)[]) {
    const wanted = says[where];
    if (wanted === undefined) continue;
    test.runIf(runIf?.() ?? true)(`is told with the place and the remedy: ${where}`, async () => {
      const told = await looks[where](await create(), broken);
      if (process.env["SHOW_MESSAGES"]) console.log(`${broken.kind} ${broken.name}, ${where}:\n${told.text}`);
      for (const part of wanted) expect(told.text).toMatch(part);
      if (where === "start") expect([1, 2]).toContain(told.status);
      if (where === "agent") expect(told.status).toBe(1);
      expect(told.text).not.toMatch(/^ +at .*:\d+:\d+/m);
      expect(told.text).not.toContain(secretKey);
    });
  }
});

/** As it is installed: without the Node of a checkout. */
function install(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-old-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "clawgate.mjs");
  copyFileSync(join(import.meta.dirname, "../../bin/clawgate.mjs"), program);
  return program;
}

const oldMessage =
  /clawgate: it needs Node 24\.16 or later; this is \d+\.\d+\.\d+, at \/\S+node\. Get one from https:\/\/nodejs\.org\//;

describe("an old Node says which one is needed, which one it is, and where to get another", () => {
  const installed = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
    if (!existsSync(path)) return false;
    const [major = 99] = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" })
      .split(".")
      .map(Number);
    return major < 24;
  });

  test.runIf(installed)("the one of this machine", () => {
    expect(() => execFileSync(installed ?? "", [install(), "--version"], { stdio: "pipe" })).toThrow(oldMessage);
  });

  test.each(["18.20.4", "22.11.0", "24.15.0"])("%s", (version) => {
    const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
    const start = (): unknown =>
      execFileSync(process.execPath, ["--import", pretend, install(), "gateway"], { stdio: "pipe" });
    expect(start).toThrow(oldMessage);
    expect(start).toThrow(`this is ${version},`);
  });
});
