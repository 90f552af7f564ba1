import { createServer } from "node:http";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { play, playHttp } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { good } from "../../src/tool/mcp/scripted-talk.fixture.ts";
import { fill, misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { createPlace, type Ended, type Place, run, usual } from "../command.fixture.ts";
import { runProcess } from "../process.fixture.ts";

/** `main` may use all tools of these servers. */
function placeWith(servers: Readonly<Record<string, object>>, tools?: object): Place {
  const all = Object.fromEntries(Object.keys(servers).map((name) => [name, ["*"]]));
  const agents = { ...usual.agents, list: [{ id: "main", default: true, tools: tools ?? all }] };
  return createPlace({ config: { ...usual, mcp: { servers }, agents } });
}

async function examine(
  servers: Readonly<Record<string, object>>,
  tools?: object,
): Promise<Ended & { lines: string[] }> {
  const ended = await run(placeWith(servers, tools), ["doctor"]);
  const lines = ended.output.split("\n").filter((line) => /^\w+ +tools /.test(line));
  return { ...ended, lines: lines.map((line) => line.replaceAll(/ +/g, " ")) };
}

const text = { name: "bad", inputSchema: { type: "string" } };

test("`clawgate doctor` as a process says which tools there are, which are left out and why, and what is dead", async () => {
  const healthy = play({ tools: [good, { ...good, name: "better" }] });
  const odd = play({ tools: [good, text, { name: "" }, good] });
  const dead = fill({ command: "/nowhere/at/all" });
  const { status, output } = await runProcess(placeWith({ healthy, odd, dead }), ["doctor"]);
  expect(status).toBe(1);
  expect(output).toMatch(/^ok {4}tools healthy {2}2 tools: good, better \(MCP 2025-06-18\)$/m);
  expect(output).toMatch(/^ok {4}tools odd {5}1 tool: good \(MCP 2025-06-18\)$/m);
  expect(output).toMatch(/^warn {2}tools odd {5}the tool 'bad' is left out: inputSchema\.type is not `object`/m);
  expect(output).toMatch(/^warn {2}tools odd {5}the tool '#3' is left out: name is empty$/m);
  expect(output).toMatch(/^warn {2}tools odd {5}the tool 'good' is left out: name is that of a tool before it$/m);
  expect(output).toMatch(
    /^FAIL {2}tools dead {4}cannot be reached: there is no program '\/nowhere.*mcp\.servers\.dead\.command/m,
  );
  expect(output).toMatch(/^ok {4}sessions /m);
});

describe("`doctor` on tool servers", () => {
  test("that are well ends with status 0", async () => {
    const { status, lines } = await examine({ far: await playHttp({}, "json"), near: play({}) });
    expect({ status, lines }).toEqual({
      status: 0,
      lines: ["ok tools far 1 tool: good (MCP 2025-06-18)", "ok tools near 1 tool: good (MCP 2025-06-18)"],
    });
  });

  test("that are odd ends with status 0, for the others of their tools work", async () => {
    const { status, lines } = await examine({ odd: play({ pages: [{ tools: [good, text], nextCursor: 7 }] }) });
    expect(status).toBe(0);
    expect(lines).toEqual([
      "ok tools odd 1 tool: good (MCP 2025-06-18)",
      expect.stringMatching(/^warn tools odd the tool 'bad' is left out: inputSchema\.type is not/),
      "warn tools odd its list of tools is not used whole: nextCursor is not a text, and ends the list",
    ]);
  });

  test.each<[what: string, toServer: () => object | Promise<object>, says: RegExp]>([
    [
      "nobody listens",
      async () => fill({ url: `http://127.0.0.1:${await findFreePort()}/mcp?key=hunter2` }),
      /nobody answers at 127\.0\.0\.1:\d+ .*mcp\.servers\.dead\.url/,
    ],
    [
      "ends with words",
      () => fill({ command: process.execPath, args: ["-e", "console.error('a\\nno KEY set');process.exit(1)"] }),
      /ended before it answered.*It has said: no KEY set$/,
    ],
    [
      "ends with a stack",
      () => fill({ command: process.execPath, args: ["-e", "throw new Error('no KEY set')"] }),
      /ended before it answered.*It has said: Error: no KEY set$/,
    ],
    [
      "ends without a word",
      () => fill({ command: process.execPath, args: ["-e", "process.exit(0)"] }),
      /ended before it answered; run the command of mcp\.servers\.dead by hand/,
    ],
    [
      "never answers",
      () => misbehave("hang", { connectMs: 500 }),
      /no answer within 500 ms.*mcp\.servers\.dead\.connectMs/,
    ],
    ["never lists its tools", () => misbehave("hang-list", { connectMs: 1000 }), /no answer within 1000 ms/],
    ["has no list", () => play({ pages: [{ tools: null }] }), /`tools\/list` without a list `tools`/],
    ["refuses the gateway", () => startStatus(401), /HTTP status 401\); see mcp\.servers\.dead\.headers/],
    [
      "has an address of the old transport",
      () => startStatus(405, "/sse"),
      /HTTP status 405; see mcp\.servers\.dead\.url.*old HTTP\+SSE transport.*\/mcp/,
    ],
    ["is no tool server", () => startStatus(404), /HTTP status 404; see mcp\.servers\.dead\.url/],
  ])("of which one %s ends with status 1, and says what to do", async (_, toServer, says) => {
    const { status, lines, output } = await examine({ dead: await toServer(), well: await playHttp({}, "events") });
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^FAIL tools dead cannot be reached: /),
      "ok tools well 1 tool: good (MCP 2025-06-18)",
    ]);
    expect(lines[0]).toMatch(says);
    expect(output).not.toContain("hunter2");
  });

  test("that no agent may use, or whose tools are other ones, says so", async () => {
    const { status, lines } = await examine(
      { a: play({}), b: play({ initialize: { capabilities: {} }, tools: [] }) },
      { a: ["good", "gone"] },
    );
    expect(status).toBe(0);
    expect(lines).toEqual([
      "ok tools a 1 tool: good (MCP 2025-06-18)",
      "warn tools a agents.list[0].tools.a names 'gone', which is none of its tools",
      "warn tools b no tools (MCP 2025-06-18)",
      "off tools b no agent may use it; name it in an agent's tools",
    ]);
  });

  test("with many tools names the first of them", async () => {
    const tools = Array.from({ length: 30 }, (_, index) => ({ name: `t${index}` }));
    const { lines } = await examine({ many: play({ tools }) });
    expect(lines[0]).toMatch(/30 tools: t0, .*, t19 and 10 more/);
  });

  test("that offer an agent more tools than it may have says so", async () => {
    const tools = Array.from({ length: 100 }, (_, index) => ({ name: `t${index}` }));
    const servers = { a: play({ tools }), b: play({ tools }) };
    const { status, lines } = await examine(servers);
    expect(status).toBe(0);
    expect(lines.at(-1)).toMatch(/^warn tools of main 200 tools are more than the 128 .* name those that it needs$/);
    expect((await examine(servers, { a: ["*"], b: ["t1"] })).lines.join("\n")).not.toContain("tools of main");
  });
});

async function startStatus(status: number, path = "/mcp"): Promise<object> {
  const server = createServer((_, response) => void response.writeHead(status).end("secret body")).listen(
    0,
    "127.0.0.1",
  );
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return fill({ url: `http://127.0.0.1:${address.port}${path}` });
}
