import { expect, test } from "vitest";
import type { Case } from "../case.ts";
import { findIdleGlobs, selectCases } from "./select.ts";

const run = (): Promise<void> => Promise.resolve();
const toCase = (id: string, level: Case["level"] = "MUST"): Case => ({ id, level, requirement: "", source: "", run });
const all = [toCase("SS-01"), toCase("SS-10", "SHOULD"), toCase("SSE-01"), toCase("TOOL-01"), toCase("SE-01", "EXT")];
const toIds = (cases: readonly Case[]): string[] => cases.map(({ id }) => id);

test.each([
  { name: "no glob", only: [], skip: [], want: ["SS-01", "SS-10", "SSE-01", "TOOL-01", "SE-01"] },
  { name: "an id", only: ["SS-01"], skip: [], want: ["SS-01"] },
  { name: "small letters", only: ["ss-01"], skip: [], want: ["SS-01"] },
  { name: "a group, not one that begins like it", only: ["SS"], skip: [], want: ["SS-01", "SS-10"] },
  { name: "a star at the end", only: ["SS*"], skip: [], want: ["SS-01", "SS-10", "SSE-01"] },
  { name: "a star at the beginning", only: ["*-01"], skip: [], want: ["SS-01", "SSE-01", "TOOL-01", "SE-01"] },
  { name: "several globs", only: ["TOOL", "SS-10"], skip: [], want: ["SS-10", "TOOL-01"] },
  { name: "something skipped", only: ["SS*"], skip: ["*-10", "SSE"], want: ["SS-01"] },
  { name: "a dot that is no pattern", only: ["SS.01"], skip: [], want: [] },
])("selects by $name", ({ only, skip, want }) => {
  expect(toIds(selectCases(all, { only, skip, profile: "gateway" }))).toEqual(want);
});

test("extensions are for gateways", () => {
  expect(toIds(selectCases(all, { only: ["SE*"], skip: [], profile: "chat" }))).toEqual([]);
});

test("what goes through the WebSocket is for gateways, and alone for their WebSocket", () => {
  const both = [...all, { ...toCase("WS-01"), door: "websocket" } as const];
  const select = (profile: "chat" | "gateway" | "websocket"): string[] =>
    toIds(selectCases(both, { only: ["WS", "SS-01"], skip: [], profile }));
  expect(select("chat")).toEqual(["SS-01"]);
  expect(select("gateway")).toEqual(["SS-01", "WS-01"]);
  expect(select("websocket")).toEqual(["WS-01"]);
});

test("globs that name nothing are found", () => {
  expect(findIdleGlobs(all, ["SS", "XX-*", "TOOL-02", "*"])).toEqual(["XX-*", "TOOL-02"]);
});
