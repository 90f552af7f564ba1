// Loaded into a gateway's process before anything else (`NODE_OPTIONS=--import=…`): says on SIGUSR2 how long the event
// loop stood still at most since it was asked last. In milliseconds of CPU of the loop's thread between two turns, which
// a busy machine does not lengthen, and which waiting does not cost.
import { isMainThread } from "node:worker_threads";

let before = process.threadCpuUsage();
let longest = 0;

function turn(): void {
  const { user, system } = process.threadCpuUsage(before);
  longest = Math.max(longest, (user + system) / 1_000);
  before = process.threadCpuUsage();
}

if (isMainThread) {
  setInterval(turn, 1).unref();
  process.on("SIGUSR2", () => {
    turn();
    process.stdout.write(`loop stood still for ${longest} ms\n`);
    longest = 0;
  });
}
