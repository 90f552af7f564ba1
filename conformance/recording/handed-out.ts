import { gather } from "./pieces.ts";

// Each part has a bound, so that no text takes longer than its length.
const cookie = /^set-cookie: {0,8}[^=;\r\n]{1,256}=([^;\r\n]{4,8192})(?=[;\r\n])/gim;
/** No word of a text, which tokens in the sense of a model are. */
const token = /"\w{0,32}(?:token|secret|passw|api_?key|credential)\w{0,32}"\s{0,8}:\s{0,8}"([\w.~+/=-]{16,8192})"/gi;
const matchMax = 9000;

/** More are no secrets, and would take long to be looked for in everything. */
const countMax = 1000;
const charactersMax = 65_536;

export class TooManySecrets extends Error {
  override readonly name = "TooManySecrets";
}

/** What the server hands out and nobody else may know: cookies, and tokens that it makes. Throws if it hands out too many. */
export function findHandedOut(came: Iterable<string>, sent: Iterable<string>): string[] {
  const found = new Set<string>();
  let characters = 0;
  // One that the end has cut is found as well.
  for (const text of gather(withEnd(came), matchMax))
    for (const [, value = ""] of [cookie, token].flatMap((one) => [...text.matchAll(one)])) {
      if (found.has(value)) continue;
      characters += value.length;
      if (found.size === countMax || characters > charactersMax)
        throw new TooManySecrets("the server hands out more cookies and tokens than can be hidden");
      found.add(value);
    }
  if (found.size === 0) return [];
  for (const text of gather(sent, matchMax)) for (const value of found) if (text.includes(value)) found.delete(value);
  return [...found];
}

function* withEnd(came: Iterable<string>): Generator<string> {
  yield* came;
  yield "\n";
}
