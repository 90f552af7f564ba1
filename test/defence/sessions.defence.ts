import { test } from "vitest";
import { checkSessions } from "../session/commands.fixture.ts";

test("sessions hold what a model of them holds in 60 long sequences of what clients do", async () => {
  await checkSessions({ runs: 60, commands: 30 });
});
