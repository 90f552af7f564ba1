import { expect, test } from "vitest";
import { findUrl, startProgram } from "./start.ts";

test.for<[output: string, want: string | undefined]>([
  ["listening on http://127.0.0.1:8000\n", "http://127.0.0.1:8000"],
  ["\u001b[32mhttp://0.0.0.0:8000/\u001b[0m (Press CTRL+C to quit)\n", "http://127.0.0.1:8000"],
  ["Server at http://[::]:80, docs at http://[::]:80/docs\n", "http://127.0.0.1:80"],
  ["on <https://localhost:8443/api/v1>.\n", "https://localhost:8443/api/v1"],
  ["half a line: http://127.0.0.1:80", undefined],
  ["no address\n", undefined],
])("the address in %j is %j", ([output, want]) => {
  expect(findUrl(output)).toBe(want);
});

test("stop ends what a shell has started too", async () => {
  const program = `require("http").createServer().listen(0, "127.0.0.1", function () {
    console.log("http://127.0.0.1:" + this.address().port); })`;
  const { url, stop } = await startProgram({ command: `${process.execPath} -e '${program}'; true` });
  await stop();
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
