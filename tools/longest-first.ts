import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that wait long for deadlines and processes, the longest first. Whatever runs last alone, all wait for. */
const longest = [
  "conformance/test/subjects.test.ts",
  "conformance/commands/slow-servers.test.ts",
  "conformance/commands/programs.test.ts",
  "test/runs/elsewhere.test.ts",
  "conformance/recording/flood.test.ts",
  "test/page/reference.test.ts",
  "test/upstream/provider-contract-state.test.ts",
  "conformance/recording/ends.test.ts",
  "test/wire/stood-still.test.ts",
  "conformance/test/examples.test.ts",
  "test/documents/fences.test.ts",
  "test/page/suite-report.test.ts",
  "test/page/page.test.ts",
  "test/command/runs.test.ts",
  "test/session/server-restart.test.ts",
  "test/upstream/relay.test.ts",
  "test/wire/stopped.test.ts",
  "conformance/commands/named-files.test.ts",
  "conformance/recording/own-gateway.test.ts",
  "test/session/clock.test.ts",
  "src/session/sqlite/crash.test.ts",
  "test/documents/samples.test.ts",
];

/** A clone has no times of earlier runs to sort by, and the size of a file says little. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const gone = longest.find((file) => !existsSync(join(root, file)));
    if (gone !== undefined) throw new Error(`There is no ${gone} any more: tools/longest-first.ts names it.`);
    const toRank = ({ moduleId }: TestSpecification): number => {
      const rank = longest.indexOf(relative(root, moduleId));
      return rank < 0 ? longest.length : rank;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- It is no array.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => toRank(a) - toRank(b));
  }
}
