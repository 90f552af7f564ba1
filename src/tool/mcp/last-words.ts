/** How much of one line is worth being shown. */
const wordsMax = 200;

/** How runtimes name what has ended a program: `Error: …`, `TypeError [CODE]: …`, `error: …`, `KeyError: …`. */
const failure = /^(?:uncaught |fatal |\[?)?(?:[\w.]*(?:error|exception|panic)\b)/i;
/** What Node and npm print behind the error that ends them. */
const trailer = /^(?:Node\.js v\d|Bun v\d|[\^~{}[\]\s]*$|at |npm \S+ A complete log of this run )/;

/** The line of what a program has written about itself that says most of its end, or undefined if there is none. */
export function findLastWords(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const found = lines.findLast((line) => failure.test(line)) ?? lines.findLast((line) => !trailer.test(line));
  return found?.slice(0, wordsMax);
}
