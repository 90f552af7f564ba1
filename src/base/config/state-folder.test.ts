import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { secureStateFolder } from "./state-folder.ts";

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clawgate-state-"));
  state = join(folder, "a", "state");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function make(mode: number): void {
  mkdirSync(state, { recursive: true });
  chmodSync(state, mode);
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

// Windows says who may write by other means than modes.
describe.skipIf(process.platform === "win32")("the state folder", () => {
  test("is made for its owner alone", () => {
    expect(secureStateFolder(state)).toEqual([]);
    expect(modeOf(state)).toBe(0o700);
  });

  test.each([0o700, 0o755, 0o750])("of mode %o is left as it is", (mode) => {
    make(mode);
    expect(secureStateFolder(state)).toEqual([]);
    expect(modeOf(state)).toBe(mode);
  });

  test.each([0o777, 0o775, 0o707, 0o1777])("of mode %o is closed, which is said once", (mode) => {
    make(mode);
    const [warning, ...others] = secureStateFolder(state);
    expect(others).toEqual([]);
    expect(`${warning?.key} ${warning?.problem}`).toMatch(
      new RegExp(`^OPENCLAW_STATE_DIR \\(${state}\\) .*closed .*mode ${mode.toString(8)} became 700`),
    );
    expect(modeOf(state)).toBe(0o700);
    expect(secureStateFolder(state)).toEqual([]);
  });

  test("that was open keeps no code that somebody may have put there", () => {
    make(0o777);
    mkdirSync(join(state, "code-cache", "v24"), { recursive: true });
    writeFileSync(join(state, "sessions.sqlite"), "");
    secureStateFolder(state);
    expect(existsSync(join(state, "code-cache"))).toBe(false);
    expect(existsSync(join(state, "sessions.sqlite"))).toBe(true);
  });

  test("may be a link to one", () => {
    make(0o700);
    symlinkSync(state, join(folder, "link"));
    expect(secureStateFolder(join(folder, "link"))).toEqual([]);
  });

  test.each(["token", "code-cache", "sessions.sqlite", "sessions.sqlite-wal"])("takes no link for %s", (name) => {
    make(0o700);
    writeFileSync(join(folder, "elsewhere"), "");
    symlinkSync(join(folder, "elsewhere"), join(state, name));
    expect(() => secureStateFolder(state)).toThrow(new RegExp(`${name} is a symbolic link`));
  });

  test.runIf(process.getuid?.() === 0)(
    "takes no file of another user, nor a folder of one that others can write",
    () => {
      make(0o700);
      writeFileSync(join(state, "token"), "");
      chownSync(join(state, "token"), 65_534, 65_534);
      expect(() => secureStateFolder(state)).toThrow(/token belongs to another user/);
      rmSync(join(state, "token"));
      chownSync(state, 65_534, 65_534);
      expect(secureStateFolder(state)).toEqual([]);
      chmodSync(state, 0o777);
      expect(() => secureStateFolder(state)).toThrow(/state belongs|belongs to another user, and others can write/);
    },
  );

  test("that is a file is refused", () => {
    mkdirSync(join(folder, "a"));
    writeFileSync(state, "");
    expect(() => secureStateFolder(state)).toThrow(ConfigError);
    expect(() => secureStateFolder(state)).toThrow(/OPENCLAW_STATE_DIR/);
  });
});
