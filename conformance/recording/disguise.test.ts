import fc from "fast-check";
import { expect, test } from "vitest";
import { createDisguise } from "./disguise.ts";
import { findHandedOut } from "./handed-out.ts";
import { toStandIn } from "./secret-forms.ts";

const secret = "sk-Zq7/vX+2pLr9=Wm4";

test.for([
  ["plain", secret],
  ["percent-encoded", encodeURIComponent(secret)],
  ["percent-encoded in lower case", encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())],
  ["in upper case", secret.toUpperCase()],
  ["in base64", Buffer.from(secret).toString("base64").slice(0, -4)],
  ["in base64 behind one byte", Buffer.from(`a${secret}`).toString("base64").slice(2, -4)],
  ["in base64 behind two bytes", Buffer.from(`ab${secret}`).toString("base64").slice(3, -4)],
  ["in base64 for URLs", Buffer.from(`user:${secret}`).toString("base64url").slice(8, -4)],
  ["in hexadecimal", Buffer.from(secret).toString("hex")],
  ["without its last character", secret.slice(0, -1)],
  ["without its beginning", secret.slice(6)],
])("a secret that stands there %s is not there any more", ([, form = ""]) => {
  const bytes = `before ${form} after`;
  const hidden = createDisguise([secret]).hide(bytes);
  expect(hidden).not.toContain(form);
  expect(hidden).toHaveLength(bytes.length);
});

test("what stands for a secret is what its replay makes of the stand-in", () => {
  const { hide } = createDisguise([secret]);
  for (const write of [
    (text: string) => text,
    encodeURIComponent,
    (text: string) => Buffer.from(`user:${text}`).toString("base64"),
    (text: string) => `${text.slice(0, -1)}x`,
  ])
    expect(hide(write(secret))).toBe(write(toStandIn(secret)));
});

test("keeps every length, and leaves no secret in any surroundings", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/);
  fc.assert(
    fc.property(word, fc.string(), fc.string(), (own, before, after) => {
      fc.pre(toStandIn(own) !== own);
      const hidden = createDisguise([own]).hide(before + own + after);
      expect(hidden).toHaveLength((before + own + after).length);
      expect(hidden).not.toContain(own);
    }),
  );
});

test("finds what the server hands out, and not what it was sent", () => {
  const came =
    'HTTP/1.1 200 OK\r\nSet-Cookie: sid=a1b2c3d4e5; Path=/\r\n\r\n{"deviceToken":"Zx81-Zx82-Zx83-Zx84","token":"Hello there, you"}';
  expect(findHandedOut([came], [])).toEqual(["a1b2c3d4e5", "Zx81-Zx82-Zx83-Zx84"]);
  expect(findHandedOut([came], ["the suite says Zx81-Zx82-Zx83-Zx84"])).toEqual(["a1b2c3d4e5"]);
});

test("hides in pieces what it hides in the whole, wherever the text is cut", () => {
  const disguise = createDisguise([secret, "other-Secret-1234"]);
  const word = fc.constantFrom(
    secret,
    "other-Secret-1234",
    secret.slice(3),
    "other-Sec",
    "words ",
    "\u00e9\u00ff",
    "{}",
  );
  fc.assert(
    fc.property(fc.array(word), fc.array(fc.nat(30)), (words, lengths) => {
      const text = words.join("");
      const [hiding, places] = [disguise.begin(), [] as (readonly [number, number])[]];
      hiding.onHidden = (place) => places.push(place);
      let [result, at] = ["", 0];
      for (const length of lengths) {
        result += hiding.take(text.slice(at, at + length));
        at += length;
      }
      result += hiding.take(text.slice(at)) + hiding.end();
      expect(result).toBe(disguise.hide(text));
      // All that differs is said to.
      for (const [n, character] of result.split("").entries())
        if (character !== text[n])
          expect(places.some(([begin, length]) => n >= begin && n < begin + length)).toBe(true);
    }),
  );
});

test("leaves words that the recording has anyway, and hides a key that only begins with one", () => {
  const { hide } = createDisguise(["assistant-8Yh3kQz1"], { plain: ["assistant", "my-model"] });
  expect(hide('{"role":"assistant"}')).toBe('{"role":"assistant"}');
  expect(hide("assistant-8Yh3kQz")).not.toContain("8Yh3kQz");
});
