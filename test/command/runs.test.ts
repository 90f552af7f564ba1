import { beforeEach, expect, test, vi } from "vitest";
import type { Run } from "../../src/base/contract.ts";
import { createPlace, type Place, run, startCommand, type StartedGateway, usual, watch } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { start, startProcess } from "../process.fixture.ts";
import { ask, detach, readSome, toRunId } from "../runs/runs.fixture.ts";

let place: Place;
let gateway: StartedGateway;

beforeEach(async () => {
  place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
  gateway = await startCommand(place);
});

async function begin(content: string, user: string): Promise<string> {
  const response = await gateway.chat(...ask(content, { body: { user, stream: true }, headers: detach }));
  await readSome(response, 2);
  return toRunId(response);
}

test("who follows a run of a gateway that is killed is told so, and nothing of the program's own", async () => {
  await gateway.stop();
  const killed = await startProcess(place);
  gateway = killed;
  const id = await begin("@@words 1000 delay=50ms", "eve");
  const following = start(place, ["runs", "follow", id]);
  await vi.waitFor(() => expect(following.output()).toContain("word1 "), { interval: 20, timeout: 30_000 });
  killed.process.kill("SIGKILL");
  const { status, notes } = await following.ended;
  expect(status).toBe(1);
  expect(notes).toMatch(/^clawgate: The gateway at \S+ is gone, [^\n]*\n$/);
});

test("what models and clients have said moves no cursor of a screen, and is whole in a pipe", async () => {
  const said = "a\u001b]0;owned\u0007b\u009b2Jc";
  const id = await begin(`@@echo ${said}`, "eve\u009b31m");
  expect((await run(place, ["runs", "follow", id])).output).toBe(`${said}\n`);
  const [followed, listed] = [await watch(place, ["runs", "follow", id]), await watch(place, ["runs"])];
  expect(followed.output).toBe("a\u{fffd}]0;owned\u{fffd}b\u{fffd}2Jc\n");
  expect(listed.output).toContain("openai-user:eve\u{fffd}31m");
  expect((await run(place, ["runs"])).output).toContain("openai-user:eve\u009b31m");
  // Over a WebSocket a session may have any name.
  expect((await run(place, ["agent", "--session-key", "eve\nrun_of_somebody", "-m", "@@echo hi"])).status).toBe(0);
  for (const list of [run, watch])
    expect((await list(place, ["runs"])).output.trimEnd().split("\n")).toEqual([
      expect.stringContaining("agent:main:eve\u{fffd}run_of_somebody") as string,
      expect.stringContaining("openai-user:eve") as string,
    ]);
});

test("`runs` lists them, `follow` prints what one says, and `cancel` ends it", async () => {
  expect(await run(place, ["runs"])).toEqual({ status: 0, output: "", notes: "There are none.\n" });
  const words = await begin("@@words 5", "ada");
  const hangs = await begin("@@echo a b\n@@hang", "bob");
  expect(await run(place, ["runs", "follow", words])).toEqual({
    status: 0,
    output: "word0 word1 word2 word3 word4\n",
    notes: "",
  });

  const { output } = await run(place, ["runs"]);
  const [first = "", second = ""] = output.split("\n");
  expect(first).toMatch(new RegExp(`^${hangs}  running      20\\S+Z  main  agent:main:openai-user:bob  detached$`));
  expect(second).toMatch(new RegExp(`^${words}  completed `));
  const listed = await run(place, ["runs", "list", "--state", "running", "--json"]);
  expect((JSON.parse(listed.output) as Run).id).toBe(hangs);

  const chunks = (await run(place, ["runs", "follow", "--json", "--after", "3", words])).output.trim().split("\n");
  expect(chunks.map((line) => (JSON.parse(line) as { object: string }).object)).toEqual(
    chunks.map(() => "chat.completion.chunk"),
  );

  expect(await run(place, ["runs", "cancel", hangs])).toEqual({
    status: 0,
    output: "The run is cancelled.\n",
    notes: "",
  });
  const failed = await run(place, ["runs", "follow", hangs]);
  expect(failed).toMatchObject({
    status: 1,
    output: "a b\n",
    notes: expect.stringContaining("The run was cancelled") as string,
  });
  expect((await run(place, ["runs", "cancel", words])).output).toBe("The run had ended: completed.\n");
  expect(await run(place, ["runs", "cancel", "run_0"])).toMatchObject({
    status: 2,
    notes: "clawgate: There is no run 'run_0'.\n",
  });
});

test("`follow` that is told to end leaves the run as it is", async () => {
  const hangs = await begin("@@echo a b\n@@hang", "bob");
  const following = start(place, ["runs", "follow", hangs]);
  await expect.poll(following.output, { timeout: 20_000 }).toBe("a b");
  following.process.kill("SIGINT");
  expect(await following.ended).toMatchObject({ notes: "The run goes on.\n" });
  expect((await run(place, ["runs", "--state", "running"])).output).toContain(hangs);
});

test("`runs` says that no gateway runs, and what a gateway refuses it for", async () => {
  await gateway.stop();
  const none = await run(place, ["runs"]);
  expect(none).toMatchObject({ status: 1, notes: expect.stringContaining("no gateway runs") as string });
});

const mistakes: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["runs", "--agent", "nope"], /^clawgate: There is no agent 'nope'\. There are: main, beta\.\n$/],
  [["runs", "--agent", "nope", "--json"], /^clawgate: There is no agent 'nope'/],
  [["runs", "--session", "agent:nope:x"], /^clawgate: There is no agent 'nope'/],
  [["runs", "--session", "ada"], /^clawgate: 'ada' is no session key: they begin with agent:<id>:/],
  [["runs", "--limit", "abc"], /^clawgate: Invalid type for 'limit'/],
  [["runs", "follow", "run_0"], /^clawgate: There is no run 'run_0'\.\n$/],
  [["runs", "follow", "run_0", "--after", "x"], /^clawgate: Invalid type for 'after'/],
  [["agent", "--agent", "nope", "hi"], /^clawgate: There is no agent 'nope'\. There are: main, beta\.\n$/],
  [["agent", "--local", "--agent", "nope", "hi"], /^clawgate: No agent answers to 'nope'\. Try: main, beta\.\n$/],
  [["agent", "--session-key", "", "hi"], /^clawgate: Invalid 'sessionKey'/],
];

test("what is not there, or is no value, is a mistake of the command line", async () => {
  for (const [args, says] of mistakes) {
    const { status, notes } = await run(place, args);
    expect({ args, status, notes }).toEqual({ args, status: 2, notes: expect.stringMatching(says) as string });
  }
});

test("an agent that has no runs has none", async () => {
  const none = { status: 0, output: "", notes: "There are none.\n" };
  expect(await run(place, ["runs", "--agent", "beta"])).toEqual(none);
  expect(await run(place, ["runs", "--session", "agent:beta:openai-user:ada"])).toEqual(none);
});
