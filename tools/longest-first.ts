import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that wait long for deadlines and processes, the longest first. Whatever runs last alone, all wait for. */
const longest = ["conformance/test/subjects.test.ts", "test/upstream/relay.test.ts"];

/** A clone has no times of earlier runs to sort by, and the size of a file says little. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const toRank = ({ moduleId }: TestSpecification): number => {
      const rank = longest.indexOf(relative(this.ctx.config.root, moduleId));
      return rank < 0 ? longest.length : rank;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- It is no array.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => toRank(a) - toRank(b));
  }
}
