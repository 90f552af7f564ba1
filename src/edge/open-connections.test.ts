import { expect, test } from "vitest";
import { readOpenFilesMax, toConnectionsMax } from "./open-connections.ts";

test.for<[configured: number, openFiles: number | undefined, want: number]>([
  [16_384, undefined, 16_384],
  [16_384, 1_048_576, 16_384],
  [16_384, 4096, 3008],
  [16_384, 1024, 704],
  [16_384, 128, 32],
  [16_384, 20, 16],
  [8, 20, 8],
])("of %i connections, with %s open files there may be %i", ([configured, openFiles, want]) => {
  expect(toConnectionsMax(configured, openFiles)).toBe(want);
});

test.runIf(process.platform === "linux")("the limit of open files is read where the system tells it", () => {
  expect(readOpenFilesMax()).toBeGreaterThan(16);
});
