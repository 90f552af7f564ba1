import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { Terminal } from "./terminal.ts";

function open(): Terminal {
  const terminal = new Terminal(tmpdir(), { PATH: process.env["PATH"] ?? "" });
  onTestFinished(() => terminal.close());
  return terminal;
}

test("what a line prints is what is heard, and where it fails that is said with it", async () => {
  const terminal = open();
  expect(await terminal.type("word=hi; echo $word")).toBe("hi\n");
  expect(await terminal.type("echo $word again")).toBe("hi again\n");
  await expect(terminal.type("echo no; false")).rejects.toThrow("echo no; false\nends with status 1, and prints\nno\n");
});

test("what shall go on is heard up to its sign, and at once where it does not come so far", async () => {
  expect(await open().start("echo up; sleep 600", /up\n/)).toBe("up\n");
  await expect(open().start("echo no && (exit 7) && sleep 600", /up\n/)).rejects.toThrow(
    "ends with status 7, and prints\nno\n",
  );
});
