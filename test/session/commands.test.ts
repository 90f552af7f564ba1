import { test } from "vitest";
import { checkSessions } from "./commands.fixture.ts";

test("sessions hold what a model of them holds, whatever their clients do, and after restarts", async () => {
  await checkSessions({ runs: 12, commands: 16 });
});
