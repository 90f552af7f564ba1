import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { inColour, plain } from "../../src/base/paint.ts";
import { createReadableLog } from "../../src/base/readable-log.ts";
import { createLog } from "../../src/base/log.ts";
import { createPlace, type Place, startCommand, usual } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";

function toLines(write: (log: ReturnType<typeof createLog>) => void, paint = plain): string[] {
  const lines: string[] = [];
  const log = createLog(
    "trace",
    createReadableLog((text) => lines.push(text), paint),
  );
  write(log);
  return lines.map((line) => line.replace(/\d\d:\d\d:\d\d/, "TIME"));
}

const request = {
  requestId: "req_1",
  address: "127.0.0.1",
  operation: "createChatCompletion",
  method: "POST",
  agent: "main",
  session: "agent:main:k",
  model: "embedded/assistant",
  tokens: 72,
  status: 200,
  ms: 8.2,
};

// oxlint-disable-next-line no-control-regex -- it begins with one
const colour = /\u001b\[\d{1,2}m/g;

describe("a line for eyes", () => {
  test.each<[name: string, fields: object, event: string, line: string]>([
    [
      "a request",
      request,
      "request",
      "TIME POST /v1/chat/completions 200 8 ms main embedded/assistant 72 tokens agent:main:k\n",
    ],
    [
      "one that failed, from elsewhere",
      {
        requestId: "req_1",
        address: "10.0.0.9",
        method: "GET",
        path: "/v1/nope",
        status: 404,
        ms: 0.4,
        code: "not_found",
      },
      "request",
      "TIME GET /v1/nope 404 not_found 0 ms address=10.0.0.9 requestId=req_1\n",
    ],
    ["another event", { key: "a.b", problem: "is odd" }, "odd", "TIME odd key=a.b problem=is odd\n"],
    ["a list", { tools: ["a", "b"] }, "tools", 'TIME tools tools=["a","b"]\n'],
    ["nothing but its name", {}, "stopping", "TIME stopping\n"],
  ])("tells %s", (_, fields, event, line) => {
    expect(toLines((log) => log.info(fields, event))).toEqual([line]);
  });

  test("says its level where that is not the usual one, and shows a stack", () => {
    const [warned, failed] = toLines((log) => {
      log.warn({ cause: "x" }, "gone");
      log.error({ err: new Error("boom") }, "run failed");
    });
    expect(warned).toBe("TIME WARN gone cause=x\n");
    expect(failed).toMatch(/^TIME ERROR run failed\n {2}Error: boom\n {6}at /);
  });

  test("lets nobody who calls write on the screen as the gateway does", () => {
    const path = "/v1/\u001b[2J\u009b31m\r\nTIME INFO forged\u202e";
    for (const paint of [plain, inColour]) {
      const [line = ""] = toLines((log) => log.info({ ...request, operation: undefined, path }, "request"), paint);
      const [signs, rest] = [line.match(colour), line.replaceAll(colour, "").trimEnd()];
      expect(signs?.length ?? 0).toBe(paint === plain ? 0 : 10);
      expect(rest).toMatch(/^[\u0020-\u007e\ufffd]+$/);
      expect(line).not.toContain("\u001b[2J");
    }
  });
});

test("a request's line has agent, session, model and tokens, and nothing of what was said", async () => {
  const gateway = await startCommand(
    createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } }),
  );
  const ask = (body: object, headers = {}) =>
    gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "say: hi there" }], ...body }, headers);
  const { usage } = (await (await ask({ user: "ada" })).json()) as { usage: { total_tokens: number } };
  await (await ask({ stream: true }, { "x-openclaw-agent-id": "beta" })).text();
  await (await ask({}, { "idempotency-key": "once", "x-openclaw-session-key": "k" })).text();
  await (await ask({ model: "nobody" })).text();
  const { notes } = await gateway.stop();
  const lines = notes
    .split("\n")
    .filter((line) => line.includes('"createChatCompletion"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const model = "embedded/assistant";
  expect(lines).toMatchObject([
    { agent: "main", session: "agent:main:openai-user:ada", model, tokens: usage.total_tokens, status: 200 },
    { agent: "beta", model, tokens: expect.any(Number) as number, status: 200 },
    { agent: "main", session: "agent:main:k", model, tokens: expect.any(Number) as number, status: 200 },
    { status: 404, code: "model_not_found" },
  ]);
  // The key of a call that nobody can come back to says nothing.
  expect(lines[1]).not.toHaveProperty("session");
  expect(lines[3]).not.toHaveProperty("model");
  expect(notes).not.toContain("hi there");
});

const hasScreen = ((): boolean => {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** What a gateway shows on a terminal, from its start to its end, with one request between. */
async function watch(place: Place, environment: Readonly<Record<string, string>>): Promise<string> {
  const command = `${process.execPath} ${join(import.meta.dirname, "../../src/cli.ts")} gateway`;
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    cwd: place.folder,
    env: { PATH: process.env["PATH"], TERM: "xterm-256color", ...place.environment, ...environment },
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let screen = "";
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(screen)) await once(child.stdout, "data");
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
  await until(/^ {2}state /m);
  const url = /listens on (http:\S+)/.exec(screen)?.[1] ?? "";
  const headers = { authorization: `Bearer ${testToken}` };
  await (await fetch(`${url}/v1/models`, { headers })).text();
  await until(/\/v1\/models.* ms/);
  // Ctrl-C, as the keyboard has it.
  child.stdin.write("\u0003");
  await until(/stopped/);
  return screen;
}

describe.runIf(hasScreen)("on a terminal", () => {
  const createWatched = (): Place => createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });

  test("the log is for eyes, in colours", async () => {
    const screen = await watch(createWatched(), {});
    expect(screen).toContain(`GET /v1/models ${inColour("good", "200")} `);
    expect(screen).not.toContain('{"level"');
  });

  test("NO_COLOR takes the colours away", async () => {
    const screen = await watch(createWatched(), { NO_COLOR: "1" });
    expect(screen).toMatch(/^\d\d:\d\d:\d\d GET \/v1\/models 200 \d+ ms\r$/m);
    expect(screen).not.toContain("\u001b[");
  });
});
