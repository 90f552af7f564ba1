import { existsSync, readFileSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agentWays, createPlace, sit, usual } from "../command.fixture.ts";
import { compileCache } from "../compile-cache.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { readRows } from "../rows.fixture.ts";

const plain = { config: usual, environment: { NO_COLOR: "1" } };

describe.each(agentWays)("a dialogue, $way,", ({ open }) => {
  test("goes on in its session, with messages of several lines", async () => {
    const place = createPlace(plain);
    const { type, until, ended } = sit(place, await open(place));
    await until(/^main, session agent:main:main\n.*Ctrl-D leaves\.\nmain> $/s);
    type("@@echo one");
    await until(/one\nmain> $/);
    type("@@echo two\\", "@@echo three");
    await until(/\.\.\. .*twothree\nmain> $/s);
    type('"""@@rest', "four", 'five"""');
    await until(/four\nfive\nmain> $/);
    type(undefined);
    expect((await ended).status).toBe(0);
    expect(readRows(place.stateFolder, "agent:main:main")).toEqual([
      "user: @@echo one",
      "assistant: one",
      "user: @@echo two\n@@echo three",
      "assistant: twothree",
      "user: @@rest\nfour\nfive",
      "assistant: four\nfive",
    ]);
  });

  test("changes agents and sessions, lists them, and comes back to what was said", async () => {
    const place = createPlace(plain);
    const { type, until, ended } = sit(place, [...(await open(place)), "--session-key", "k"]);
    await until(/main> $/);
    type("@@echo here");
    await until(/here\nmain> $/);
    type("/agents");
    await until(/\* main {2}embedded\/assistant {2}\(the default\)\n {2}beta {2}embedded\/assistant\nmain> $/);
    type("/agent beta");
    await until(/beta, session agent:beta:k\nbeta> $/);
    type("@@echo there", "/model nobody");
    await until(/there\nbeta> There is no agent 'nobody'\. There are: main, beta\.\nbeta> $/);
    type("/session agent:main:k");
    await until(/main, session agent:main:k\n> @@echo here\n {2}here\nmain> $/);
    type("/new");
    await until(/session agent:main:chat-\d{17}\nmain> $/);
    type("/sessions");
    await until(/ {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}agent:main:k\nmain> $/);
    type("/nonsense");
    await until(/There is no \/nonsense\. \/help says what there is\.\nmain> $/);
    type("//etc/hosts is a file");
    await until(/main> $/);
    type("/help", "/exit");
    expect((await ended).status).toBe(0);
    expect(readRows(place.stateFolder, "agent:beta:k")).toEqual(["user: @@echo there", "assistant: there"]);
    await until(/\/sessions +list the sessions/);
  });

  test("survives a run that fails, and shows no control characters", async () => {
    const place = createPlace(plain);
    const { type, until } = sit(place, await open(place));
    await until(/main> $/);
    type('@@fail message="the model is tired"');
    await until(/the model is tired\nmain> $/);
    type("@@echo \u001b]0;owned\u0007.");
    await until(/\u{fffd}\]0;owned\u{fffd}\.\nmain> $/u);
    type(undefined);
  });
});

test("what is wrong is said before the first line", async () => {
  const { ended } = sit(createPlace(plain), ["agent", "--local", "--agent", "nobody"]);
  expect(await ended).toMatchObject({
    status: 2,
    notes: "clawgate: There is no agent 'nobody'. There are: main, beta.\n",
  });
});

const script = "/usr/bin/script";

describe("on a terminal", () => {
  const isThere = existsSync(script);
  if (!isThere) console.warn(`SKIPPED: ${script} (util-linux) is missing, so nothing is tried on a real terminal.`);

  /** `clawgate agent` behind a pseudo terminal. */
  function startOnTerminal(environment: Record<string, string>) {
    const place = createPlace({ config: usual });
    const cli = join(import.meta.dirname, "../../src/cli.ts");
    const command = `${process.execPath} ${cli} agent --local`;
    const env = { PATH: process.env["PATH"], TERM: "xterm", ...compileCache, ...place.environment, ...environment };
    const child = spawn(script, ["-qec", command, "/dev/null"], { cwd: place.folder, env });
    onEnd(() => void child.kill("SIGKILL"));
    let screen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
    const until = async (pattern: RegExp): Promise<void> => {
      await expect.poll(() => screen, { interval: 20, timeout: 20_000 }).toMatch(pattern);
    };
    const type = async (keys: string, wanted: RegExp): Promise<void> => {
      screen = "";
      child.stdin.write(keys);
      await until(wanted);
    };
    return { place, until, type, screen: () => screen, child };
  }

  test.runIf(isThere)(
    "Ctrl-C ends an answer or takes back a line, the arrow brings one back, Ctrl-D leaves",
    async () => {
      const { place, until, type, screen, child } = startOnTerminal({ NO_COLOR: "1" });
      const ended = once(child, "close");
      await until(/main> /);
      expect(screen()).not.toContain("\u001b[36m");
      await type('"""@@echo begun\r@@hang"""\r', /begun.*begun/s);
      await type("\u0003", /The answer was ended.*main> /s);
      await type("a line that is\u0003", /\^C\r\n.*main> /s);
      await type("@@echo back\r", /back\r+\n.*back\r+\n.*main> /s);
      await type("\u001b[A\r", /@@echo back.*\nback\r\n.*main> /s);
      child.stdin.write("\u0004");
      expect(await ended).toEqual([0, null]);
      expect(readRows(place.stateFolder, "agent:main:main").filter((line) => line === "assistant: back")).toHaveLength(
        2,
      );
      const path = join(place.stateFolder, "agent-history");
      expect(readFileSync(path, "utf8")).toBe('"""@@echo begun\n@@hang"""\n@@echo back\n');
      expect(statSync(path).mode & 0o777).toBe(0o600);
    },
  );

  test.runIf(isThere)("the prompt has a colour where nobody has refused one", async () => {
    const { until, screen } = startOnTerminal({});
    await until(/main> /);
    expect(screen()).toContain("\u001b[36mmain> ");
  });
});
