import { expect, test } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import { toModelNames } from "./names.ts";

const long = "a".repeat(80);

test.for<[what: string, tools: [server: string, tool: string][], want: (string | RegExp)[]]>([
  ["server and tool", [["files", "read"]], ["files__read"]],
  ["other characters as _", [["my files", "read.all"]], ["my_files__read_all"]],
  ["a name of 64 characters", [["f", "a".repeat(61)]], [`f__${"a".repeat(61)}`]],
  ["a longer one cut, with a hash", [["f", long]], [/^f__a{52}_[0-9a-f]{8}$/]],
  [
    "hashes where two would be the same",
    [
      ["f", "a.b"],
      ["f", "a b"],
    ],
    [/^f__a_b_[0-9a-f]{8}$/, /^f__a_b_[0-9a-f]{8}$/],
  ],
  [
    "hashes across servers",
    [
      ["a", "b__c"],
      ["a__b", "c"],
    ],
    [/^a__b__c_[0-9a-f]{8}$/, /^a__b__c_[0-9a-f]{8}$/],
  ],
])("%s", ([, tools, want]) => {
  const names = toModelNames(tools.map(([server, tool]) => ({ server, tool })));
  expect(names).toEqual(want.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))));
  expect(new Set(names).size).toBe(names.length);
});

test("the order of the tools does not change their names", () => {
  const tools = ["a.b", "a b", "a_b", long].map((tool) => ({ server: "f", tool }));
  expect(toModelNames(tools.toReversed()).toReversed()).toEqual(toModelNames(tools));
});

test("a tool that bears the name another one has been given gets one of its own", () => {
  const pair = ["a.b", "a b"].map((tool) => ({ server: "f", tool }));
  const [taken = ""] = toModelNames(pair);
  const names = toModelNames([...pair, { server: "f", tool: taken.slice("f__".length) }]);
  expect(new Set(names).size).toBe(3);
});

test("thousands of tools are named in time that grows with their number alone", () => {
  const plain = Array.from({ length: 20_000 }, (_, index) => ({ server: "f", tool: `t${index}` }));
  const alike = Array.from({ length: 4_000 }, (_, index) => ({
    server: "f",
    tool: String(index).replaceAll(/\d/g, toSign),
  }));
  expect(measureCpuMs(() => toModelNames([...plain, ...alike]))).toBeLessThan(1_000);
});

/** Each is `_` in a name. */
function toSign(digit: string): string {
  return "!?$%&/()=+".charAt(Number(digit));
}
