import { describe, expect, test } from "vitest";
import { ConfigError } from "../base/config/config-error.ts";
import { parseConfig } from "../base/config/load.ts";
import type { Provider } from "../model/model.ts";
import { createAgents } from "./agents.ts";
import { createModel } from "./model.fixture.ts";

const few: Provider = { ...createModel([]), models: ["small", "big"] };
const toolless: Provider = createModel([], { tools: new Set() });
const providers = new Map([
  ["embedded", createModel([])],
  ["few", few],
  ["toolless", toolless],
]);

const create = (agents: object) => createAgents(parseConfig({ agents }), providers);

const unusable: readonly [what: string, agents: object, message: RegExp][] = [
  [
    "a provider that is not there",
    { defaults: { model: "nobody/x" } },
    /^agents\.defaults\.model is 'nobody\/x'.*'few'/,
  ],
  [
    "a model that its provider does not have",
    { list: [{ id: "main", model: "few/huge" }] },
    /^agents\.list\[0\]\.model is 'few\/huge'.*'few\/small', 'few\/big'/,
  ],
  [
    "a first choice that is not there",
    { defaults: { model: { primary: "nobody/x" } } },
    /^agents\.defaults\.model\.primary is/,
  ],
  [
    "a fallback that is not there",
    { list: [{ id: "main", model: { primary: "few/small", fallbacks: ["few/big", "few/huge"] } }] },
    /^agents\.list\[0\]\.model\.fallbacks\[1\] is 'few\/huge'/,
  ],
  [
    "tools on a fallback that takes none",
    { list: [{ id: "main", model: { primary: "few/small", fallbacks: ["toolless/x"] }, tools: { web: ["*"] } }] },
    /'toolless\/x', which takes no tools, but the agent 'main' has some/,
  ],
  ["no default agent", { list: [{ id: "beta" }] }, /neither an agent marked default nor 'main'/],
  ["an alias of nobody", { aliases: { "gpt-4o": "nobody" } }, /agents\.aliases\['gpt-4o'\] names no agent/],
];
test.each(unusable)("%s is a mistake in the configuration", (_, agents, message) => {
  expect(() => create(agents)).toThrow(ConfigError);
  expect(() => create(agents)).toThrow(message);
});

describe("an agent", () => {
  test("tries its models in their order, under their whole names", () => {
    const { default: main } = create({ defaults: { model: { primary: "few/small", fallbacks: ["embedded/a/b"] } } });
    expect(main.models.map(({ name, model }) => [name, model])).toEqual([
      ["few/small", "small"],
      ["embedded/a/b", "a/b"],
    ]);
  });

  test("has the defaults where it says nothing, and its own where it does", () => {
    const tools = { web: ["*"] };
    const defaults = { model: "few/small", include: ["tools"], structuredOutput: "enforce", stepsMax: 3, tools };
    const own = { model: "few/big", include: [], structuredOutput: "forward", stepsMax: 5, tools: {} };
    const agents = create({ defaults, list: [{ id: "main" }, { id: "beta", ...own }] });
    expect(agents.find("main")).toMatchObject({ include: ["tools"], enforcesFormat: true, stepsMax: 3, tools });
    expect(agents.find("beta")).toMatchObject({ include: [], enforcesFormat: false, stepsMax: 5, tools: {} });
    expect(agents.find("beta")?.models[0].name).toBe("few/big");
  });

  test("is careful where nothing is said at all", () => {
    const { list } = create({});
    expect(list).toMatchObject([{ id: "main", include: [], enforcesFormat: false, stepsMax: 16, tools: {} }]);
  });

  test("without tools may have a model that takes none", () => {
    expect(() => create({ defaults: { model: "toolless/x" } })).not.toThrow();
  });
});
