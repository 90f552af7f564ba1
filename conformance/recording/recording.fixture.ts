import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd } from "../../test/end.fixture.ts";
import { plain } from "../tell/paint.ts";
import { runConformance } from "../program.ts";
import type { Report } from "../shapes.ts";

/** Gone with the test. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-recording-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended {
  readonly status: number;
  readonly output: string;
  readonly report: Report;
}

/** The suite in this folder; its JSON report is part of what comes back. */
export async function run(
  folder: string,
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  let [status, output] = [0, ""];
  const told = ["--report", "json=report.json", ...words];
  const write = (text: string): void => void (output += text);
  const terminal = {
    environment,
    paint: { print: plain, note: plain },
    cwd: folder,
    interactive: false,
    write,
    fail: (failed: number) => (status = failed),
  };
  await runConformance({ ...terminal, print: (text) => write(`${text}\n`), note: (text) => write(`${text}\n`) }, told);
  return {
    status,
    output,
    // A run that came to nothing has none.
    get report() {
      return JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as Report;
    },
  };
}

/** In a folder of its own, without a server and without a key. */
export function replay(text: string, file = "wire.jsonl"): Promise<Ended> {
  const folder = createFolder();
  writeFileSync(join(folder, file), text, "latin1");
  return run(folder, ["--replay", file]);
}

/** What is told of each result, in a line. */
export const toVerdicts = ({ results }: Report): string[] =>
  results.map(({ id, sdk, verdict, expected, actual, reason }) =>
    [id, sdk, verdict, expected, actual, reason].join(" "),
  );
