import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

function createRoom(): string {
  const room = mkdtempSync(join(tmpdir(), "clawgate-folder-"));
  onTestFinished(() => rmSync(room, { recursive: true }));
  return room;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("makeFolder", () => {
  test("makes what is missing, with its mode, and leaves what is there as it is", () => {
    const room = createRoom();
    makeFolder(join(room, "a"), { mode: 0o750 });
    expect(makeFolder(join(room, "a/b/c/"), { mode: 0o700 }).isDirectory()).toBe(true);
    expect(["a", "a/b", "a/b/c"].map((name) => modeOf(join(room, name)))).toEqual([0o750, 0o700, 0o700]);
    expect(makeFolder(join(room, "a/b/c")).isDirectory()).toBe(true);
    expect(modeOf(join(room, "a/b/c"))).toBe(0o700);
  });

  test("goes through links that lead to folders", () => {
    const room = createRoom();
    makeFolder(join(room, "there"));
    symlinkSync("there", join(room, "link"));
    makeFolder(join(room, "link"));
    makeFolder(join(room, "link/deep/er"));
    expect(existsSync(join(room, "there/deep/er"))).toBe(true);
  });

  test.each([
    { what: "a file stands there", path: "file", code: "EEXIST" },
    { what: "a file stands on the way", path: "file/a/b", code: "ENOTDIR" },
    { what: "a link leads nowhere", path: "nowhere", code: "ENOENT" },
    { what: "a link on the way leads nowhere", path: "nowhere/a", code: "ENOENT" },
    { what: "links lead to themselves", path: "loop/a", code: "ELOOP" },
    { what: "its name is too long", path: `a/${"x".repeat(300)}`, code: "ENAMETOOLONG" },
  ])("throws what the system says where $what", ({ path, code }) => {
    const room = createRoom();
    writeFileSync(join(room, "file"), "");
    symlinkSync("gone", join(room, "nowhere"));
    symlinkSync("loop", join(room, "loop"));
    expect(() => makeFolder(join(room, path))).toThrow(expect.objectContaining({ code }));
  });

  test.skipIf(process.platform !== "linux")("ends where the system makes no folders", () => {
    for (const path of ["/proc/clawgate", "/proc/clawgate/a/b"])
      expect(() => makeFolder(path)).toThrow(expect.objectContaining({ message: "no folder can be made in /proc" }));
  });
});
