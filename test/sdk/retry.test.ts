import { describe, expect } from "vitest";
import { ask, rejection, sdks, startSdkTest, test } from "./clients.fixture.ts";

describe.concurrent.each(sdks)("openai $major", (sdk) => {
  test.each(["upstream_error", "upstream_rejected", "upstream_timeout", "internal_error"])(
    "%s is not repeated, in either mode: the run may have had effects",
    async (code) => {
      const { client, sent } = await startSdkTest(sdk, { client: { maxRetries: 2 }, expectErrors: true });
      for (const stream of [false, true]) {
        sent.count = 0;
        const attempt = client.chat.completions.create({ ...ask(`@@fail code=${code}`), stream });
        expect(await rejection(attempt, sdk.errors.InternalServerError)).toMatchObject({ code });
        expect(sent.count).toBe(1);
      }
    },
  );

  test.for(["rate_limit_exceeded", "upstream_unavailable"])(
    "%s is repeated after the time told",
    async (code, { connect }) => {
      const { client, sent } = connect(sdk, { client: { maxRetries: 1 } });
      const started = performance.now();
      const attempt = client.chat.completions.create(ask(`@@fail code=${code} retry-after=2`));
      expect(await rejection(attempt, sdk.errors.APIError)).toMatchObject({ code });
      expect(sent.count).toBe(2);
      // Left to itself, the SDK would wait for half a second.
      expect(performance.now() - started).toBeGreaterThan(1900);
    },
  );

  test("a mistake of the client is not repeated", async ({ connect }) => {
    const { client, sent } = connect(sdk, { client: { maxRetries: 2 } });
    await rejection(client.chat.completions.create(ask("@@fail code=invalid_value")), sdk.errors.BadRequestError);
    expect(sent.count).toBe(1);
  });
});
