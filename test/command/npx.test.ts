import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "../..");
/** What npm itself reads; of everything else a checkout has, a link will do. */
const ownFiles = new Set(["package.json", "package-lock.json", ".npmrc"]);

/** A checkout after `npm ci`, in a folder of its own. */
function createCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-checkout-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of readdirSync(root)) if (!ownFiles.has(name)) symlinkSync(join(root, name), join(folder, name));
  for (const name of ownFiles) copyFileSync(join(root, name), join(folder, name));
  return folder;
}

test("`npx clawgate token` in a new checkout prints the token and nothing else", { timeout: 120_000 }, async () => {
  const cwd = createCheckout();
  const home = join(cwd, "home");
  mkdirSync(home);
  const environment = {
    PATH: process.env["PATH"],
    HOME: home,
    // The test needs no network, and a new npm may not be announced.
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_update_notifier: "false",
  };
  const { stdout, stderr } = await promisify(execFile)("npx", ["clawgate", "token"], { cwd, env: environment });
  expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
  expect(stderr).toBe("");
});
