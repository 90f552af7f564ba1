import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createPlace, usual } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { program, startProcess } from "../process.fixture.ts";

// How much that spares is seen in test/defence/schemas.defence.ts.

const flag = "--max-semi-space-size";

test.skipIf(process.platform !== "linux").each<[what: string, given: string, want: readonly string[]]>([
  ["of 16 MB", "", [`${flag}=16`]],
  ["that NODE_OPTIONS names", `${flag}=32`, []],
])(
  "`clawgate gateway` runs with a space for what is new %s, as the process that was started",
  async (_, given, want) => {
    const place = createPlace({
      config: usual,
      environment: { OPENCLAW_GATEWAY_TOKEN: testToken, NODE_OPTIONS: given },
    });
    const gateway = await startProcess(place, testToken, program);
    const words = readFileSync(`/proc/${gateway.process.pid}/cmdline`, "utf8").split("\0");
    expect(words.filter((word) => word.startsWith(flag))).toEqual(want);
    expect(
      await (await gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "hi" }] })).json(),
    ).toHaveProperty("choices");
    expect((await gateway.stop()).status).toBe(0);
  },
);
