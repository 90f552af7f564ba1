import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPlace, type Place, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";

const bin = join(import.meta.dirname, "../../bin/clawgate.mjs");
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function modesIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name.replace(/[0-9a-f-]{36}$/, "…"), modeOf(join(folder, name))]),
  );
}

/** As the program starts that is installed, with the code cache that it finds by itself. */
function startProgram({ folder, environment }: Place, umask: string, ...args: string[]) {
  const line = `umask ${umask}; exec "$0" "$@"`;
  const child = spawn("sh", ["-c", line, process.execPath, bin, ...args], { cwd: folder, env: environment });
  onEnd(() => void child.kill("SIGKILL"));
  return child;
}

// Windows says who may read and write by other means than modes.
describe.skipIf(process.platform === "win32")("the state folder", () => {
  test.each(["000", "022", "077"])("is its owner's alone, with all that is in it, under umask %s", async (umask) => {
    const place = createPlace({ config: usual });
    const gateway = startProgram(place, umask, "gateway");
    let output = "";
    gateway.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    while (!output.includes("listens on")) await once(gateway.stdout, "data");
    expect(modeOf(place.stateFolder)).toBe("700");
    expect(modesIn(place.stateFolder)).toEqual({
      "audit.jsonl": "600",
      "code-cache": "700",
      "gateway.lock": "600",
      "gateway.pid": "600",
      "sessions.sqlite": "600",
      "sessions.sqlite-holder-…": "600",
      "sessions.sqlite-shm": "600",
      "sessions.sqlite-wal": "600",
      token: "600",
    });
    gateway.kill("SIGTERM");
    await once(gateway, "exit");
  });

  test("that others could write is closed with a warning, and its cached code is not run but removed", async () => {
    const place = createPlace({ config: usual });
    mkdirSync(join(place.stateFolder, "code-cache"), { recursive: true });
    chmodSync(place.stateFolder, 0o777);
    const first = startProgram(place, "022", "token");
    let notes = "";
    first.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
    await once(first, "close");
    expect(notes).toMatch(/^warning: OPENCLAW_STATE_DIR \(.*closed to them now \(mode 777 became 700\)/);
    expect(modeOf(place.stateFolder)).toBe("700");
    expect(existsSync(join(place.stateFolder, "code-cache"))).toBe(false);
    await once(startProgram(place, "022", "token"), "close");
    expect(readdirSync(join(place.stateFolder, "code-cache"))).not.toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("is refused where the system makes no folders", async () => {
    const place = createPlace({ config: usual });
    const environment = { ...place.environment, OPENCLAW_STATE_DIR: "/proc/clawgate/state" };
    const gateway = startProgram({ ...place, environment }, "022", "gateway");
    let notes = "";
    gateway.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
    const [status] = (await once(gateway, "close")) as [number];
    expect(status).toBe(2);
    expect(notes).toBe(
      "clawgate: Cannot make the state folder /proc/clawgate/state (OPENCLAW_STATE_DIR): no folder can be made in /proc. See the place, or name another folder with OPENCLAW_STATE_DIR.\n",
    );
  });
});
