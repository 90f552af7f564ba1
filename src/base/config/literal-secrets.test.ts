import { expect, test } from "vitest";
import { maskAddress, maskArguments, maskLiteral } from "./literal-secrets.ts";

const m = (text: string): string => `<secret, ${text.length} characters>`;
const random = "a8Kd93jf0sLq2mZx71Pw";

test.each([
  ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"],
  ["https://ada:hunter2@host.example/v1", `https://${m("ada:hunter2")}@host.example/v1`],
  ["https://a@b:c@host/v1/x@y", `https://${m("a@b:c")}@host/v1/x@y`],
  ["https://host", "https://host"],
  ["https://host/?api_key=abc&v=2024", `https://host/?api_key=${m("abc")}&v=${m("2024")}`],
  ["https://host/mcp?flag#part", "https://host/mcp?flag#part"],
  [`https://host/hooks/${random}/sse`, `https://host/hooks/${m(random)}/sse`],
  [`https://host/mcp#${random}`, `https://host/mcp#${m(random)}`],
  ["https://host/openai/deployments/gpt-4o-mini-2024-07-18", "https://host/openai/deployments/gpt-4o-mini-2024-07-18"],
  ["https://<${USER}, 3 characters>@host/v1", "https://<${USER}, 3 characters>@host/v1"],
  ["https://host/?key=<${KEY}, 3 characters>&a=b", `https://host/?key=<\${KEY}, 3 characters>&a=${m("b")}`],
  ["postgres://u:p@db/x and http://h/?a=b", `postgres://${m("u:p")}@db/x and http://h/?a=${m("b")}`],
])("the address %s", (given, want) => expect(maskAddress(given)).toBe(want));

test.each<[given: string[], want: string[]]>([
  [
    ["-y", "@scope/server", "--port", "80"],
    ["-y", "@scope/server", "--port", "80"],
  ],
  [
    ["--token", "abc", "--api-key=abc", "-pass", "x"],
    ["--token", m("abc"), `--api-key=${m("abc")}`, "-pass", m("x")],
  ],
  [
    ["-e", "GITHUB_TOKEN=abc", "-e", "LEVEL=info"],
    ["-e", `GITHUB_TOKEN=${m("abc")}`, "-e", "LEVEL=info"],
  ],
  [
    ["--header", "Authorization: Bearer abc", "-H", "X-Api-Key: abc"],
    ["--header", `Authorization: ${m("Bearer abc")}`, "-H", `X-Api-Key: ${m("abc")}`],
  ],
  [
    ["--apiKey=abc", "--accesskey", "abc"],
    [`--apiKey=${m("abc")}`, "--accesskey", m("abc")],
  ],
  [
    ["--monkey", "abc", "--tokens-max=4", "--keyboard=de"],
    ["--monkey", "abc", "--tokens-max=4", "--keyboard=de"],
  ],
  [
    ["postgres://u:p@db/x", "https://host/?a=b"],
    [`postgres://${m("u:p")}@db/x`, `https://host/?a=${m("b")}`],
  ],
  [
    [random, "sk-abcdefghijklmnop"],
    [m(random), m("sk-abcdefghijklmnop")],
  ],
  [
    ["--token=<${T}, 3 characters>", "--token", "<${T}, 3 characters>"],
    ["--token=<${T}, 3 characters>", "--token", "<${T}, 3 characters>"],
  ],
  [["/usr/lib/node_modules/server-2.10.1/dist/index.js"], ["/usr/lib/node_modules/server-2.10.1/dist/index.js"]],
])("the arguments %j", (given, want) => expect(maskArguments(given)).toEqual(want));

test("names of models and agents are no secrets", () => {
  for (const name of ["embedded/assistant", "openai/gpt-4o-mini-2024-07-18", "anthropic/claude-sonnet-4-5-20250929"])
    expect(maskLiteral(name)).toBe(name);
});
