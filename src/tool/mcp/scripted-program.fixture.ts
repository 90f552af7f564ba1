// Run as a program; its one argument is the script.
import { createInterface } from "node:readline";
import { createTalk, type Script } from "./scripted-talk.fixture.ts";

const answer = createTalk(JSON.parse(process.argv[2] ?? "{}") as Script);

createInterface({ input: process.stdin }).on("line", (line) => {
  const said = answer(JSON.parse(line) as object);
  if (said !== undefined) process.stdout.write(`${JSON.stringify(said)}\n`);
});
