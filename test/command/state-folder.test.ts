import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPlace, run, usual } from "../command.fixture.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

// Windows says who may read and write by other means than modes.
describe.skipIf(process.platform === "win32")("the state folder", () => {
  const plants: readonly { readonly what: string; readonly plant: (path: string) => void; readonly says: RegExp }[] = [
    { what: "a link", plant: plantLink, says: /token is a symbolic link/ },
    { what: "a pipe", plant: (path) => void execFileSync("mkfifo", [path]), says: /token .* no regular file/ },
    { what: "a folder", plant: (path) => mkdirSync(path), says: /token .* no regular file/ },
    { what: "a megabyte", plant: (path) => writeFileSync(path, "x".repeat(1_000_000)), says: /more than 4096 bytes/ },
  ];

  function plantLink(path: string): void {
    writeFileSync(`${path}.target`, "token-of-somebody-else-0123456789\n");
    chmodSync(`${path}.target`, 0o644);
    symlinkSync(`${path}.target`, path);
  }

  test.each(plants)("takes no token from $what", async ({ plant, says }) => {
    const place = createPlace({ config: usual });
    mkdirSync(place.stateFolder, { mode: 0o700 });
    const path = join(place.stateFolder, "token");
    plant(path);
    for (const command of ["token", "gateway", "doctor"]) {
      const { status, output, notes } = await run(place, [command]);
      expect(status).toBe(2);
      expect(notes).toMatch(says);
      expect(output + notes).not.toContain("somebody-else");
    }
    if (existsSync(`${path}.target`)) expect(modeOf(`${path}.target`)).toBe("644");
  });
});
