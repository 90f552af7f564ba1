import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { agentWays, createPlace, type Ended, type Place, run, usual } from "../command.fixture.ts";
import { runProcess, startProcess } from "../process.fixture.ts";

/** Writes down every connection that the process opens. */
const recorder = `
import { appendFileSync } from "node:fs";
import { Socket } from "node:net";
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [{ host, port, path }] = [args].flat(2);
  appendFileSync(process.env.RECORD, \`\${path ?? \`\${host}:\${port}\`}\\n\`);
  return connect.apply(this, args);
};
`;

interface Recorded {
  readonly place: Place;
  /** Every connection so far. */
  readonly connections: () => string[];
}

/** A place whose processes are watched. */
function createRecorded(
  environment: Readonly<Record<string, string>>,
  agents: object = { list: usual.agents.list },
): Recorded {
  const place = createPlace({ config: { ...usual, agents } });
  const [script, record] = [join(place.folder, "record.mjs"), join(place.folder, "record.txt")];
  writeFileSync(script, recorder);
  const watched = { NODE_OPTIONS: `--import ${pathToFileURL(script).href}`, RECORD: record };
  return {
    place: { ...place, environment: { ...place.environment, ...watched, ...environment } },
    connections: () => (existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : []),
  };
}

const key = "sk-never-used-0123456789";

describe("with a key in the environment", () => {
  test("the gateway starts without a call to anybody, and says which model it took and why", async () => {
    const { place, connections } = createRecorded({ OPENAI_API_KEY: key });
    const gateway = await startProcess(place);
    expect(connections()).toEqual([]);
    const { status, output, notes } = await gateway.stop();
    expect(status).toBe(0);
    expect(output).toMatch(/^ {2}model +openai\/gpt-5-mini: OPENAI_API_KEY is in the environment$/m);
    expect(output).toMatch(/^ {2}agents +main \(openai\/gpt-5-mini\), the default; beta \(openai\/gpt-5-mini\)$/m);
    expect(output + notes).not.toContain(key);
    expect(connections()).toEqual([]);
  });

  test("doctor says the same, and asks nobody", async () => {
    const port = String(await findFreePort());
    const { place, connections } = createRecorded({ OPENAI_API_KEY: key, OPENCLAW_GATEWAY_PORT: port });
    const { status, output } = await runProcess(place, ["doctor"]);
    expect(status).toBe(0);
    expect(output).toMatch(/^ok {4}agent main +openai\/gpt-5-mini \(OPENAI_API_KEY is in the environment\)/m);
    expect(output).not.toContain(key);
    expect(output).toMatch(/^ok {4}model openai +not asked .*`clawgate doctor --online` does$/m);
    expect(connections()).toEqual([]);
  });

  test("a configured model wins", async () => {
    const { place } = createRecorded({ OPENAI_API_KEY: key }, usual.agents);
    const { output } = await (await startProcess(place)).stop();
    expect(output).toMatch(/^ {2}model +embedded\/assistant: agents\.defaults\.model$/m);
  });

  test("agents that all have a model of their own need none", async () => {
    const agents = { list: [{ id: "main", model: "embedded/assistant" }] };
    const port = String(await findFreePort());
    const { place, connections } = createRecorded({ OPENCLAW_GATEWAY_PORT: port }, agents);
    const { output } = await runProcess(place, ["doctor"]);
    expect(output).toMatch(/^ok {4}agent main +embedded\/assistant \(its own model\)/m);
    expect(connections()).toEqual([]);
  });
});

describe.each(agentWays)("`agent`, $way,", ({ open }) => {
  const config = {
    ...usual,
    mcp: { servers: { fixture: misbehave("plain") } },
    agents: { ...usual.agents, list: [{ id: "main", default: true, tools: { fixture: ["*"] } }] },
  };
  const ask = async (...args: string[]): Promise<Ended> => {
    const place = createPlace({ config });
    return run(place, [...(await open(place)), ...args]);
  };

  test("runs the agent's own tools, and tells of them beside the answer", async () => {
    const message = '@@tool fixture__say {"text":"hi"}\n@@then It said: {result}';
    const { status, output, notes } = await ask("-m", message);
    expect({ status, output }).toEqual({ status: 0, output: "It said: hi\n" });
    expect(notes).toBe("runs the tool fixture__say\n");
  });

  test("prints one object where it is asked to, with the answer alone", async () => {
    const message = "@@tool fixture__refuse\n@@then It said: {result}";
    const { status, output, notes } = await ask("--json", "-m", message);
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ status: "ok", model: "embedded/assistant", finishReason: "stop" });
    expect(JSON.parse(output)).not.toHaveProperty("toolCalls");
    expect(notes).toBe("");
  });

  test("says when a tool failed", async () => {
    const message = "@@tool fixture__refuse\n@@then Well.";
    const { output, notes } = await ask("-m", message);
    expect(output).toBe("Well.\n");
    expect(notes).toBe("runs the tool fixture__refuse\nthe tool fixture__refuse failed\n");
  });
});

describe("doctor asks the providers of the configuration", () => {
  const toPlace = (baseUrl: string, model: string): Place =>
    createPlace({
      config: {
        ...usual,
        agents: { defaults: { model: `lab/${model}` } },
        models: { providers: { lab: { api: "openai-completions", baseUrl, apiKey: key } } },
      },
    });

  test.each([
    ["has the model", "gpt-lab", 0, /^ok +model lab +answers, and has gpt-lab$/m],
    ["lacks the model", "gpt-none", 1, /^FAIL +model lab +answers, but does not list gpt-none\. See /m],
  ])("one that %s", async (_, model, status, says) => {
    const { baseUrl, seen } = await startModelList(200, { data: [{ id: "gpt-lab" }] });
    const found = await run(toPlace(baseUrl, model), ["doctor"]);
    expect(found.output).toMatch(says);
    expect(found.status).toBe(status);
    expect(seen).toEqual([`GET /v1/models Bearer ${key}`]);
    expect(found.output).not.toContain(key);
  });

  test("one that refuses the key", async () => {
    const { baseUrl } = await startModelList(401, { error: { message: `Wrong key ${key}`, code: "invalid_api_key" } });
    const { status, output } = await run(toPlace(baseUrl, "gpt-lab"), ["doctor"]);
    expect(output).toMatch(/^FAIL +model lab +.*401/m);
    expect(output).not.toContain(key);
    expect(status).toBe(1);
  });

  test("one that is not there", async () => {
    const { status, output } = await run(toPlace(`http://127.0.0.1:${await findFreePort()}/v1`, "gpt-lab"), ["doctor"]);
    expect(output).toMatch(/^FAIL +model lab +The model provider cannot be reached\./m);
    expect(status).toBe(1);
  });
});

async function startModelList(status: number, body: object): Promise<{ baseUrl: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    seen.push(`${method} ${url} ${headers.authorization}`);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}
