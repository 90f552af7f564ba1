import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCharacter } from "../../test/character.fixture.ts";
import { operator } from "../base/principal.ts";
import { createAuthenticate } from "./authenticate.ts";
import type { Credential } from "./credential.ts";

const secret = "s3cret-Token_0123456789";

describe.each(["token", "password"] as const)("in mode %s", (mode) => {
  const authenticate = createAuthenticate({ mode, secret, origin: "configured" });

  test.each([`Bearer ${secret}`, `bearer ${secret}`, `BEARER ${secret}`, `bEaReR    ${secret}`])(
    "%j is let in",
    (given) => {
      expect(authenticate(given)).toBe(operator);
    },
  );

  const refused: readonly (string | undefined)[] = [
    undefined,
    "",
    " ",
    secret,
    "Bearer",
    "Bearer ",
    `Bearer${secret}`,
    `Bearer\t${secret}`,
    `Bearer \t${secret}`,
    ` Bearer ${secret}`,
    `Bearer ${secret} `,
    `Bearer ${secret}\n`,
    `Bearer ${secret},`,
    `Bearer ${secret} ${secret}`,
    `Bearer x${secret}`,
    `Bearer ${secret.slice(1)}`,
    `Bearer ${secret.slice(0, -1)}`,
    `Bearer ${secret.toUpperCase()}`,
    `Bearer "${secret}"`,
    `Bearer ${secret}\u00a0`,
    `Basic ${secret}`,
    `Token ${secret}`,
    `Bearer: ${secret}`,
    "Bearer undefined",
    "Bearer null",
  ];
  test.each(refused)("%j is refused", (given) => {
    expect(authenticate(given)).toBeUndefined();
  });

  test("nothing but the secret is let in", () => {
    const near = fc.tuple(fc.nat(secret.length), fc.nat(3), fc.string({ unit: anyCharacter, maxLength: 2 }));
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 40 }),
      near.map(([at, count, text]) => secret.slice(0, at) + text + secret.slice(at + count)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(authenticate(`Bearer ${text}`)).toBe(text.replace(/^ +/, "") === secret ? operator : undefined);
      }),
    );
  });
});

test("a secret that no header can carry lets nobody in, not even an empty one", () => {
  for (const odd of ["", " ", "two words", "schl\u00fcssel"]) {
    const authenticate = createAuthenticate({ mode: "token", secret: odd, origin: "stored" });
    for (const given of [undefined, "", "Bearer", "Bearer ", `Bearer ${odd}`]) {
      expect(authenticate(given), JSON.stringify({ odd, given })).toBeUndefined();
    }
  }
});

test("in mode none everybody is let in", () => {
  const authenticate = createAuthenticate({ mode: "none" } satisfies Credential);
  for (const given of [undefined, "", "Bearer x"]) expect(authenticate(given)).toBe(operator);
});
