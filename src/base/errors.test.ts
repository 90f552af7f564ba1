import { expect, test } from "vitest";
import { checkErrorBody } from "./contract.ts";
import { GatewayError, withHeaders } from "./errors.ts";

test("an error that names megabytes of a client's text says as much of them as the contract has room for", () => {
  const long = "x".repeat(2_000_000);
  const error = withHeaders(new GatewayError("invalid_value", `No '${long}'.`, { param: `metadata.${long}` }), {});
  const body = error.toBody();
  expect(checkErrorBody(body)).toBeUndefined();
  expect(JSON.stringify(body).length).toBeLessThan(2_200);
  expect(body.error.message).toMatch(/^No 'x+…$/);
  const whole = "😀".repeat(500);
  expect(new GatewayError("invalid_value", whole).message).toBe(whole);
  expect(new GatewayError("invalid_value", `x${"😀".repeat(500)}`).message.isWellFormed()).toBe(true);
});
