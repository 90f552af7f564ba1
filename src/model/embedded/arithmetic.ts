/** Deep nesting is refused before it can exhaust the stack. */
const unitsMax = 200;

const question = /^(?:what(?:'s| is)|how much is|calculate|compute|please calculate)\s+/i;

/**
 * The answer to "what is 2 + 2?" or to a bare sum, or undefined when the text is neither: numbers, `+ - * / % ^`,
 * `x`, `×`, `÷`, the words plus, minus, times and divided by, and brackets.
 */
export function answerArithmetic(text: string): string | undefined {
  if (text.length > unitsMax) return undefined;
  const expression = text
    .trim()
    .replace(question, "")
    .replace(/(?<![?=.!\s])[?=.!\s]+$/, "");
  const tokens = toTokens(expression);
  // A lone number is no sum: "42" is something to remember or repeat.
  if (tokens === undefined || tokens.length < 2 || !tokens.some((token) => /^\d/.test(token))) return undefined;
  const value = new Calculation(tokens).evaluate();
  if (value === undefined) return undefined;
  return Number.isFinite(value) ? `${expression} = ${Number(value.toPrecision(12))}` : `${expression} has no value.`;
}

const signs: readonly (readonly [RegExp, string])[] = [
  [/\bplus\b/gi, "+"],
  [/\bminus\b|−/gi, "-"],
  [/\btimes\b|\bmultiplied by\b|×|(?<=\d\s{0,9})x(?=\s{0,9}\d)/gi, "*"],
  [/\bdivided by\b|÷/gi, "/"],
];

function toTokens(expression: string): string[] | undefined {
  let text = expression;
  for (const [pattern, sign] of signs) text = text.replaceAll(pattern, sign);
  const tokens = text.match(/\d+(?:\.\d+)?|[-+*/%^()]|\S/g) ?? [];
  return tokens.every((token) => /^[\d+\-*/%^()]/.test(token)) ? tokens : undefined;
}

/** Recursive descent; undefined wherever the tokens are not a sum. */
class Calculation {
  private at = 0;
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  evaluate(): number | undefined {
    const value = this.sum();
    return this.at === this.tokens.length ? value : undefined;
  }

  private sum(): number | undefined {
    let value = this.product();
    while (value !== undefined && /^[-+]$/.test(this.tokens[this.at] ?? "")) {
      const sign = this.tokens[this.at++] === "+" ? 1 : -1;
      const next = this.product();
      value = next === undefined ? undefined : value + sign * next;
    }
    return value;
  }

  private product(): number | undefined {
    let value = this.power();
    while (value !== undefined && /^[*/%]$/.test(this.tokens[this.at] ?? "")) {
      const sign = this.tokens[this.at++];
      const next = this.power();
      if (next === undefined) return undefined;
      value = sign === "*" ? value * next : sign === "/" ? value / next : value % next;
    }
    return value;
  }

  private power(): number | undefined {
    if (this.tokens[this.at] === "-") {
      this.at += 1;
      const value = this.power();
      return value === undefined ? undefined : -value;
    }
    const base = this.atom();
    if (base === undefined || this.tokens[this.at] !== "^") return base;
    this.at += 1;
    const exponent = this.power();
    return exponent === undefined ? undefined : base ** exponent;
  }

  private atom(): number | undefined {
    const token = this.tokens[this.at++] ?? "";
    if (token !== "(") return /^\d/.test(token) ? Number(token) : undefined;
    const value = this.sum();
    return this.tokens[this.at++] === ")" ? value : undefined;
  }
}
