import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createDatabasePath } from "./path.fixture.ts";

const fixture = fileURLToPath(new URL("./small-disk.fixture.ts", import.meta.url));
/** Of 512 bytes, as a shell counts. */
const blocks = 2048;
const bytesMax = blocks * 512;

interface Told {
  /** Messages of two sessions. */
  readonly small: number;
  readonly more: number;
  readonly logBytes: number;
}

test.skipIf(process.platform !== "linux")(
  "a session is erased, and the store goes on, where the disk has no room for what the log holds",
  async () => {
    const { path, remove } = await createDatabasePath();
    try {
      const limited = [`ulimit -S -f ${blocks} && exec "$@"`, "sh", process.execPath, fixture, path, String(bytesMax)];
      const { stdout } = await promisify(execFile)("sh", ["-c", ...limited]);
      const [full, grown] = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Told);
      expect(full).toMatchObject({ small: 0, more: 1 });
      expect(grown).toMatchObject({ small: 0, more: 2 });
      // What was erased stands in the log no longer than it has to.
      expect(full?.logBytes).toBeGreaterThan(bytesMax / 2);
      expect(grown?.logBytes).toBeLessThan(bytesMax / 10);
    } finally {
      await remove();
    }
  },
);
