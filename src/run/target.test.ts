import { describe, expect, test } from "vitest";
import { createEmbeddedProvider } from "../model/embedded/embedded.ts";
import { type Agent, findTarget, listTargets, toAgents, toTarget } from "./agents.ts";
import { toReach } from "./model-reach.ts";

const provider = createEmbeddedProvider();
const toAgent = (id: string): Agent => ({
  id,
  instructions: [],
  models: [{ provider, name: "p/m", model: "m", capabilities: provider.toCapabilities("m") }],
  reach: toReach([provider]),
  include: [],
  enforcesFormat: false,
  stepsMax: 1,
  tools: {},
  mediaLimits: { imagesMax: 0, bytesMax: 0, pixelsMax: 1 },
});
const list = ["main", "beta", "Gamma-3_x"].map(toAgent);
const [main, beta, gamma] = list as [Agent, Agent, Agent];
const aliases = new Map([
  ["gpt-4o", main],
  ["a/b", gamma],
]);
const agents = toAgents(list, beta, aliases);

describe("findTarget", () => {
  const found: readonly { readonly given: string; readonly want: Agent; readonly explicit: boolean }[] = [
    { given: "openclaw", want: beta, explicit: false },
    { given: "openclaw/default", want: beta, explicit: false },
    { given: "openclaw:main", want: main, explicit: true },
    { given: "openclaw/main", want: main, explicit: true },
    { given: "agent:main", want: main, explicit: true },
    { given: "openclaw:beta", want: beta, explicit: true },
    { given: "agent:Gamma-3_x", want: gamma, explicit: true },
    { given: "gpt-4o", want: main, explicit: true },
    { given: "a/b", want: gamma, explicit: true },
  ];
  test.each(found)("finds $given", ({ given, want, explicit }) => {
    expect(findTarget(given, agents)).toEqual({ agent: want, explicit });
  });

  const strangers = [
    "",
    "main",
    "Openclaw",
    " openclaw",
    "openclaw ",
    "openclaw:",
    "openclaw/",
    "agent:",
    "agent/main",
    "openclaw:default",
    "openclaw/Main",
    "openclaw/main/x",
    "openclaw/gpt-4o",
    "openclaw:main\n",
    "xopenclaw:main",
    "GPT-4o",
    "constructor",
  ];
  test.each(strangers)("knows no agent %j", (given) => {
    expect(findTarget(given, agents)).toBeUndefined();
  });
});

test("each listed target is found, and each agent is listed", () => {
  const targets = listTargets(agents);
  expect(targets).toEqual([
    "openclaw",
    "openclaw/default",
    "openclaw/main",
    "openclaw/beta",
    "openclaw/Gamma-3_x",
    "gpt-4o",
    "a/b",
  ]);
  for (const target of targets) expect(findTarget(target, agents), target).toBeDefined();
});

describe("toTarget", () => {
  test("takes the header before the model, even one that names nobody", () => {
    for (const model of ["openclaw", "openclaw/beta", "nobody", ""]) {
      expect(toTarget(model, "main", agents)).toEqual({ agent: main, explicit: true });
    }
    expect(toTarget("openclaw", undefined, agents)).toEqual({ agent: beta, explicit: false });
  });

  const refused: readonly { readonly model: string; readonly header?: string; readonly param: string }[] = [
    { model: "nobody", param: "model" },
    { model: "openclaw", header: "nobody", param: "x-openclaw-agent-id" },
    { model: "openclaw", header: "openclaw/main", param: "x-openclaw-agent-id" },
    { model: "openclaw", header: "gpt-4o", param: "x-openclaw-agent-id" },
  ];
  test.each(refused)("refuses model $model with header $header", ({ model, header, param }) => {
    expect(() => toTarget(model, header, agents)).toThrow(
      expect.objectContaining({ code: "model_not_found", param, status: 404 }),
    );
  });

  test("shows only the beginning of a long name", () => {
    expect(() => toTarget("x".repeat(65), undefined, agents)).toThrow(new RegExp(`'${"x".repeat(64)}'`));
  });
});
