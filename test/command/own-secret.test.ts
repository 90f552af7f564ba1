import { mkdirSync, writeFileSync } from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { createPlace, type Place, run, startCommand, usual } from "../command.fixture.ts";

const token = "a-token-of-this-gateway-0123456789";
const free = { ...usual, agents: { list: usual.agents.list } };

/** Nobody has named a model, so the environment decides. */
function createUndecided(environment: Readonly<Record<string, string>>, auth: object = {}): Place {
  const place = createPlace({ config: { ...free, gateway: { ...usual.gateway, auth } }, environment });
  mkdirSync(place.stateFolder, { mode: 0o700 });
  return place;
}

const ways: readonly { readonly name: string; readonly create: () => Place; readonly says: string }[] = [
  {
    name: "the token of the configuration",
    create: () => createUndecided({ OPENAI_API_KEY: token }, { token }),
    says: "this gateway's own token",
  },
  {
    name: "the token of the environment",
    create: () => createUndecided({ OPENROUTER_API_KEY: token, OPENCLAW_GATEWAY_TOKEN: token }),
    says: "this gateway's own token",
  },
  {
    name: "the token of the first start, with the line end that a shell leaves",
    create() {
      const place = createUndecided({ OPENAI_API_KEY: `${token}\n` });
      writeFileSync(join(place.stateFolder, "token"), `${token}\n`, { mode: 0o600 });
      return place;
    },
    says: "this gateway's own token",
  },
  {
    name: "the password",
    create: () => createUndecided({ OPENAI_API_KEY: token }, { mode: "password", password: token }),
    says: "this gateway's own password",
  },
  {
    name: "a key of somebody who calls",
    create: () => createUndecided({ OPENAI_API_KEY: token }, { keys: { ci: { sha256: hash("sha256", token) } } }),
    says: "this gateway's key 'ci'",
  },
  {
    name: "for the address of this gateway",
    create: () => createUndecided({ OPENAI_API_KEY: "sk-other", OPENAI_BASE_URL: "http://127.0.0.1:18789/v1" }),
    says: "for the address in OPENAI_BASE_URL",
  },
  {
    name: "for somebody else's address, by the older name",
    create: () => createUndecided({ OPENAI_API_KEY: "sk-other", OPENAI_API_BASE: "https://openai.com.example/v1" }),
    says: "for the address in OPENAI_API_BASE",
  },
];

describe.each(ways)("a key in the environment that is $name", ({ create, says }) => {
  test("is taken for no provider's, and the banner says so", async () => {
    const gateway = await startCommand(create(), token);
    const { output, notes } = await gateway.stop();
    expect(output).toMatch(/^ {2}agents +main \(embedded\/assistant\)/m);
    expect(output).toMatch(/^ {2}model .*_API_KEY is not taken for a provider's key, since it is /m);
    expect(output).toContain(says);
    expect(output + notes).not.toContain(token);
  });

  test("is named by doctor", async () => {
    const { output } = await run(create(), ["doctor"]);
    expect(output).toMatch(/^ok +agent main +embedded\/assistant .*is not taken for a provider's key/m);
    expect(output).toContain(says);
  });
});

test.each(["https://api.openai.com/v1", "https://eu.api.openai.com/v1", ""])(
  "a key with OPENAI_BASE_URL='%s' is OpenAI's",
  async (address) => {
    const place = createUndecided({ OPENAI_API_KEY: "sk-0123456789", OPENAI_BASE_URL: address });
    expect((await (await startCommand(place)).stop()).output).toMatch(/^ {2}model +openai\/gpt-5-mini: /m);
  },
);

describe("a provider of the configuration", () => {
  const named = (provider: object, gateway: object = {}): object => ({
    ...usual,
    gateway: { ...usual.gateway, auth: { token }, ...gateway },
    models: { providers: { lab: { api: "openai-completions", ...provider } } },
  });

  test.each(["gateway", "doctor", "config", "agent"])(
    "that would be sent the token is refused by `%s`",
    async (name) => {
      const config = named({ baseUrl: "https://api.openai.com/v1", apiKey: "${OPENAI_API_KEY}" });
      const place = createPlace({ config, environment: { OPENAI_API_KEY: token } });
      const { status, output, notes } = await run(place, [name, ...(name === "agent" ? ["hi"] : [])]);
      expect(status).not.toBe(0);
      expect(output + notes).toMatch(/models\.providers\.lab\.apiKey is this gateway's own token, which the provider/);
      expect(output + notes).not.toContain(token);
    },
  );

  test("of this machine may share it, as another gateway does", async () => {
    const config = named({ baseUrl: `http://127.0.0.1:${await findFreePort()}/v1`, apiKey: token });
    expect(await run(createPlace({ config }), ["config"])).toMatchObject({ status: 0 });
  });

  test.each(["http://127.0.0.1:PORT/v1", "http://localhost:PORT/v1"])(
    "that is %s, the gateway itself, is warned of",
    async (address) => {
      const port = await findFreePort();
      const config = named({ baseUrl: address.replace("PORT", String(port)), apiKey: "x" }, { port });
      const place = createPlace({ config });
      const says = /models\.providers\.lab\.baseUrl is this gateway itself/;
      expect((await run(place, ["doctor"])).output).toMatch(says);
      expect((await (await startCommand(place)).stop()).output).toMatch(says);
    },
  );
});
