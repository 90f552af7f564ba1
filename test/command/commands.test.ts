import { describe, expect, test } from "vitest";
import { testToken } from "../gateway.fixture.ts";
import { agentWays, createPlace, run, startCommand, usual, watch } from "../command.fixture.ts";
import { startProcess } from "../process.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { hold, say, seen } from "../talk.fixture.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: testToken };
const ada = { body: { user: "ada" } };
const adaKey = "agent:main:openai-user:ada";

describe("`agent` beside a gateway on the same state", () => {
  test("goes on with a session that was begun over HTTP, and HTTP goes on with it", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startProcess(place);
    await say(gateway, "@@echo over HTTP", ada);
    const { output } = await run(place, ["agent", "--session-key", adaKey, "--message", "@@messages"]);
    expect(JSON.parse(output)).toMatchObject([
      { role: "user", content: "@@echo over HTTP" },
      { role: "assistant", content: "over HTTP" },
      { role: "user", content: "@@messages" },
    ]);
    expect((await seen(gateway, ada)).slice(2)).toEqual([
      "user: @@messages",
      `assistant: ${output.trim()}`,
      "user: @@messages",
    ]);
  });

  test("begins a session that HTTP goes on with, by header", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    await run(place, ["agent", "--agent", "beta", "--session-key", "k", "-m", "@@echo from the terminal"]);
    const lines = await seen(gateway, { headers: { "x-openclaw-session-key": "agent:beta:k" } });
    expect(lines.slice(0, 2)).toEqual(["user: @@echo from the terminal", "assistant: from the terminal"]);
  });

  test("waits until the gateway's run of that session is over", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    const { leave } = await hold(gateway, ada);
    const waiting = run(place, ["agent", "--session-key", adaKey, "-m", "@@echo after"]);
    const free = await run(place, ["agent", "--session-key", "other", "-m", "@@echo free"]);
    expect(free.output).toBe("free\n");
    expect(readRows(place.stateFolder, adaKey)).toEqual([]);
    await leave();
    expect((await waiting).output).toBe("after\n");
    expect(readRows(place.stateFolder, adaKey)).toEqual(["user: @@echo after", "assistant: after"]);
  });
});

describe.each(agentWays)("`agent`, $way,", ({ open }) => {
  test("prints the text and nothing else, and remembers its own session without any key", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    expect(await run(place, [...agent, "-m", "@@echo two words"])).toEqual({
      status: 0,
      output: "two words\n",
      notes: "",
    });
    const { output } = await run(place, [...agent, "-m", "@@messages"]);
    expect(JSON.parse(output)).toHaveLength(3);
    expect(readRows(place.stateFolder, "agent:main:main")).toHaveLength(4);
  });

  test("needs no configuration", async () => {
    const place = createPlace();
    const agent = await open(place);
    expect(await run(place, [...agent, "-m", "who are you?"])).toMatchObject({
      status: 0,
      output: expect.stringContaining(`agent "main"`),
    });
  });

  test("reads the message from standard input when it is a dash", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    const { output } = await run(place, [...agent, "-m", "-"], "@@rest\nline 1\nline 2");
    expect(output).toBe("line 1\nline 2\n");
  });

  test("prints one JSON object when asked to", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    const { status, output } = await run(place, [
      ...agent,
      "--json",
      "--agent",
      "beta",
      "-m",
      "@@echo hi\n@@tool f {}",
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      runId: expect.stringMatching(/^run_/) as string,
      status: "ok",
      agent: "beta",
      model: "embedded/assistant",
      sessionKey: "agent:beta:main",
      text: "hi",
      toolCalls: [{ function: { name: "f", arguments: "{}" } }],
      finishReason: "tool_calls",
      usage: { prompt_tokens: expect.any(Number) as number },
    });
  });

  test("ends with status 1 when the run fails, and says why", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    const failing = ["-m", '@@echo begun\n@@fail message="the model is tired"'];
    const plain = await run(place, [...agent, ...failing]);
    expect(plain).toMatchObject({
      status: 1,
      notes: expect.stringMatching(/^clawgate: upstream_error: the model is tired/) as string,
    });
    expect([plain.output, (await watch(place, [...agent, ...failing])).output]).toEqual(["begun", "begun\n"]);
    const json = await run(place, [...agent, "--json", ...failing]);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.output)).toMatchObject({ status: "error", error: { code: "upstream_error" } });
    expect(readRows(place.stateFolder, "agent:main:main")).toEqual([]);
  });

  const mistakes: readonly { readonly args: readonly string[]; readonly notes: RegExp }[] = [
    { args: ["--agent", "nobody"], notes: /^clawgate: .*'nobody'.*main, beta/ },
    { args: ["--session-key", "agent:nobody:k"], notes: /^clawgate: .*'nobody'/ },
    { args: ["--agent", "main", "--session-key", "agent:beta:k"], notes: /^clawgate: .*'beta'.*'main'/ },
  ];
  test("refuses an unknown or contradicted agent with a sentence", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    for (const { args, notes } of mistakes) {
      const ended = await run(place, [...agent, "-m", "hi", ...args]);
      expect(ended.status).not.toBe(0);
      expect(ended.notes).toMatch(notes);
      expect(ended.notes).not.toContain("    at ");
    }
  });

  test("prints a JSON object for an unknown agent too, when asked for JSON", async () => {
    const place = createPlace({ config: usual });
    const agent = await open(place);
    const { output } = await run(place, [...agent, "--json", "-m", "hi", "--agent", "nobody"]);
    expect(JSON.parse(output)).toMatchObject({ status: "error", error: { code: "model_not_found" } });
  });
});
