import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { ToolServerConfig } from "../../src/base/contract.ts";
import { play, playHttp } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { createTalk, good, type Script } from "../../src/tool/mcp/scripted-talk.fixture.ts";
import { fill } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { createPlace, run, usual } from "../command.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { say } from "../talk.fixture.ts";

/** What the embedded model reads of a call of `good`, by an agent that may use this server. */
async function call(server: ToolServerConfig, args = "{}"): Promise<string> {
  const gateway = await startTestGateway({
    config: {
      mcp: { servers: { s: server } },
      agents: { list: [{ id: "main", default: true, tools: { s: ["*"] } }] },
    },
  });
  return (await say(gateway, `@@tool s__good ${args}\n@@then {result}`)).text;
}

/** The revision that `doctor` says a server speaks. */
async function examine(s: ToolServerConfig): Promise<string | undefined> {
  const agents = { ...usual.agents, list: [{ id: "main", default: true, tools: { s: ["*"] } }] };
  const { output } = await run(createPlace({ config: { ...usual, mcp: { servers: { s } }, agents } }), ["doctor"]);
  return /\(MCP ([\d-]+)\)/.exec(output)?.[1];
}

const modern: Script = { asked: "answers" };

describe.each<[name: string, toServer: (script: Script) => Promise<ToolServerConfig>]>([
  ["a program", async (script) => play(script)],
  ["an address that answers in JSON", (script) => playHttp(script, "json")],
  ["an address that answers in events", (script) => playHttp(script, "events")],
])("a server of the revision 2026-07-28 as %s", (_, toServer) => {
  test("is spoken to without a greeting", async () => {
    expect(await call(await toServer(modern))).toBe("done");
    expect(await examine(await toServer(modern))).toBe("2026-07-28");
  });

  test.each<[what: string, script: Script, want: string]>([
    ["nulls", { results: { good: { content: [{ type: "text", text: "seen", _meta: null }], isError: null } } }, "seen"],
    ["a new kind of block", { results: { good: { content: [{ type: "video" }] } } }, "[video]"],
    ["no kind of result", { results: { good: { content: [], structuredContent: [1], resultType: null } } }, "[1]"],
    ["a text for a result", { results: { good: "seen" } }, "seen"],
    [
      "nulls about itself",
      { discover: { instructions: null, _meta: null, ttlMs: null, capabilities: { tools: null } } },
      "done",
    ],
    ["an odd tool in its list", { tools: [{ name: "bad", inputSchema: 7 }, good] }, "done"],
  ])("with %s is used all the same", async (__, script, want) => {
    expect(await call(await toServer({ ...modern, ...script }))).toContain(want);
  });

  test("that asks for something in the middle of a call fails the call alone", async () => {
    const inputRequests = { a: { method: "elicitation/create", params: { message: "?", requestedSchema: {} } } };
    const asking = { resultType: "input_required", inputRequests };
    const said = await call(await toServer({ ...modern, results: { good: asking } }));
    expect(said).toContain("asks for something that nobody here can give");
  });
});

test("what a tool wants in HTTP headers is there", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const inputSchema = { type: "object", properties: { city: { type: "string", "x-mcp-header": "City" } } };
  const server = await playHttp({ ...modern, tools: [{ name: "good", inputSchema }] }, "json", (one) => seen.push(one));
  expect(await call(server, '{"city":"Oslo"}')).toBe("done");
  expect(seen.at(-1)).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "good",
    "mcp-param-city": "Oslo",
  });
});

describe("a server of an earlier revision", () => {
  test.each<[what: string, toServer: () => ToolServerConfig | Promise<ToolServerConfig>]>([
    ["does not know the question", () => play({})],
    ["ends at the question", () => play({ asked: "ends" })],
    ["says nothing to the question", () => play({ asked: "says nothing" })],
    ["is at an address", () => playHttp({}, "json")],
    ["answers the question with HTTP status 500", () => startRefusing(500)],
    ["answers the question with HTTP status 400", () => startRefusing(400)],
    ["answers the question with HTTP status 202", () => startRefusing(202)],
    ["says nothing to the question at its address", () => startRefusing(undefined)],
  ])("that %s is greeted as it expects", async (_, toServer) => {
    const server = await toServer();
    expect(await call(server)).toBe("done");
    expect(await examine(server)).toBe("2025-06-18");
  });
});

/** Answers what it is asked first with this status and nothing more, or not at all. */
async function startRefusing(status: number | undefined): Promise<ToolServerConfig> {
  const answer = createTalk({});
  const server = createServer((request, response) => {
    if (request.method !== "POST") return void response.writeHead(405).end();
    let asked = "";
    request.setEncoding("utf8").on("data", (piece: string) => (asked += piece));
    request.on("end", () => {
      const message = JSON.parse(asked) as { method: string };
      if (message.method === "server/discover")
        return status === undefined ? undefined : response.writeHead(status).end();
      const said = answer(message);
      if (said === undefined) return response.writeHead(202).end();
      return response.setHeader("content-type", "application/json").end(JSON.stringify(said));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return fill({ url: `http://127.0.0.1:${address.port}/mcp`, connectMs: 4000 });
}
