import { test } from "vitest";
import { checkSessions } from "./commands.fixture.ts";

test("sessions hold what a model of them holds, whatever their clients do, and after restarts", async () => {
  // Always the same ones, of which the first notices what a client took back and stays; then others.
  await checkSessions({ runs: 4, commands: 16, seed: 6 });
  await checkSessions({ runs: 8, commands: 16 });
});
