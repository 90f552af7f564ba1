import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { AssistantMessage } from "./contract.ts";
import { fromTold, keepOwnState, type OwnedMessage, toToldState, withoutState } from "./model-state.ts";

const details = [{ type: "reasoning.text", text: "hm" }];
const call = { id: "c1", type: "function", function: { name: "go", arguments: "{}" } } as const;
const own: OwnedMessage = {
  role: "assistant",
  content: null,
  reasoning: "hm",
  reasoning_details: details,
  extra_content: { google: 1 },
  tool_calls: [{ ...call, extra_content: { google: 2 } }],
  stateOf: "lab/a",
};
const bare = { role: "assistant", content: null, tool_calls: [call] };

describe("a client", () => {
  it("is told of the state under the usual names, and whose it is", () => {
    expect(toToldState(own)).toEqual({
      reasoning_content: "hm",
      reasoning_details: details,
      extra_content: { google: 1, clawgate: { model: "lab/a", reasoning: "reasoning" } },
    });
    expect(toToldState({ role: "assistant", content: "hi" })).toEqual({});
  });

  it("that gives back what it got tells the same", () => {
    const { reasoning: _, stateOf: _owner, ...said } = own;
    expect(fromTold({ ...said, ...toToldState(own) })).toEqual(own);
  });

  it("cannot say otherwise whose it is", () => {
    expect(fromTold({ role: "assistant", content: "hi", stateOf: "lab/b" } as AssistantMessage)).toEqual({
      role: "assistant",
      content: "hi",
    });
  });

  it.each([{ clawgate: null }, { clawgate: 1 }, { clawgate: { model: 1 } }, { clawgate: [] }, null])(
    "may tell %j, which names no model",
    (extra) => {
      const message: AssistantMessage = { role: "assistant", content: "hi", extra_content: extra };
      expect(fromTold(message)).toEqual(message);
    },
  );

  const extras = fc
    .dictionary(fc.oneof(fc.string(), fc.constant("clawgate")), fc.jsonValue())
    .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
  test("tells whatever a gateway further on has said to it", () => {
    fc.assert(
      fc.property(extras, (extra) => {
        const given: OwnedMessage = {
          role: "assistant",
          content: "",
          reasoning_content: "",
          extra_content: extra,
          stateOf: "a/b",
        };
        const back = fromTold({ role: "assistant", content: "", ...toToldState(given) });
        const want = Object.keys(extra).length === 0 ? undefined : JSON.stringify(extra);
        expect(back.extra_content == null ? undefined : JSON.stringify(back.extra_content)).toBe(want);
        expect(back).toMatchObject({ stateOf: "a/b", reasoning_content: "" });
      }),
    );
  });
});

describe("what a model sees", () => {
  it.each<[what: string, message: OwnedMessage, model: string, isFirst: boolean, keeps: boolean]>([
    ["its own", own, "lab/a", false, true],
    ["another's", own, "lab/b", true, false],
    ["nobody's, as the first", { ...own, stateOf: undefined as never }, "lab/b", true, true],
    ["nobody's, as a fallback", { ...own, stateOf: undefined as never }, "lab/b", false, false],
  ])("is %s", (_, message, model, isFirst, keeps) => {
    const [seen] = keepOwnState([message], model, isFirst);
    expect(seen).toEqual(keeps ? message : bare);
  });

  test("nobody is shown any of it", () => {
    expect(withoutState(own)).toEqual(bare);
  });
});
