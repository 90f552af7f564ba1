import { expect, test } from "vitest";
import { secretKeys } from "../contract.ts";
import { parseConfig } from "./load.ts";
import { maskSecrets } from "./mask.ts";
import { resolveReferences } from "./references.ts";

const secret = "s3cret-0123456789";

/** An object in which every secret key of the contract is set; `*` stands for any name. */
function toSecretive(): object {
  const root: Record<string, unknown> = {};
  for (const path of secretKeys) {
    let at = root;
    for (const key of path.slice(0, -1)) at = (at[key === "*" ? "lab" : key] ??= {}) as Record<string, unknown>;
    at[path.at(-1) ?? ""] = secret;
  }
  return root;
}

test("every key that the contract calls secret is masked", () => {
  expect(secretKeys).toContainEqual(["gateway", "auth", "token"]);
  expect(secretKeys).toContainEqual(["gateway", "auth", "password"]);
  const shown = JSON.stringify(maskSecrets(toSecretive() as never));
  expect(shown).not.toContain(secret);
  expect(shown.match(/<secret, 17 characters>/g)).toHaveLength(secretKeys.length);
});

test("everything else is shown, and what is not set stays so", () => {
  const config = parseConfig({ agents: { list: [{ id: "main", instructions: "token" }] } });
  expect(maskSecrets(config)).toEqual(config);
});

test("what a reference brought is named and not told, wherever it stands", () => {
  const given = {
    agents: {
      defaults: { model: "a/${MODEL:-standard}" },
      list: [{ id: "main", instructions: "Say $${NAME} ${NAME}." }],
    },
    mcp: { servers: { x: { command: "x", args: ["--token=${TOKEN}", "$${TOKEN} ${TOKEN:-x}"] } } },
    models: { providers: { lab: { api: "openai-completions", baseUrl: "http://${NAME}/v1", apiKey: "a ${TOKEN}" } } },
  };
  const { value, filled } = resolveReferences(given, { NAME: "lab.example", TOKEN: secret }, ".");
  expect(maskSecrets(parseConfig(value), filled)).toMatchObject({
    agents: {
      defaults: { model: "a/standard" },
      list: [{ instructions: "Say $${NAME} <${NAME}, 11 characters>." }],
    },
    mcp: { servers: { x: { args: ["--token=<${TOKEN}, 17 characters>", "$${TOKEN} <${TOKEN}, 17 characters>"] } } },
    models: {
      providers: { lab: { baseUrl: "http://<${NAME}, 11 characters>/v1", apiKey: "<secret, 19 characters>" } },
    },
  });
});

test("a secret is masked where it stands a second time, and so is what looks like one", () => {
  const config = parseConfig({
    gateway: { auth: { token: secret } },
    models: {
      providers: {
        lab: { api: "openai-completions", baseUrl: "http://h/a8Kd93jf0sLq2mZx71Pw/v1", apiKey: "a-key-of-lab" },
      },
    },
    mcp: {
      servers: {
        x: { command: "x", args: ["--token", "abc", "run", secret] },
        y: { url: "https://h/mcp?key=abc&lab=a-key-of-lab" },
      },
    },
  });
  const text = JSON.stringify(maskSecrets(config));
  for (const part of [secret, "abc", "a-key-of-lab", "a8Kd93jf0sLq2mZx71Pw"]) expect(text).not.toContain(part);
  for (const part of ["http://h/", "/v1", "https://h/mcp?key=", "--token", "run"]) expect(text).toContain(part);
});

test("the configuration itself keeps its secrets", () => {
  const config = parseConfig({ gateway: { auth: { token: secret } } });
  maskSecrets(config);
  expect(config.gateway.auth.token).toBe(secret);
});
