import { expect, test } from "vitest";
import { createReport } from "./report.fixture.ts";
import { toJunit } from "./junit.ts";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

/** Elements and attributes as Jenkins's junit-10.xsd allows them (jenkinsci/xunit-plugin), those with `!` required. */
const schema: Readonly<Record<string, { attributes: readonly string[]; children: readonly string[] }>> = {
  testsuites: { attributes: ["name", "time", "tests", "failures", "errors"], children: ["testsuite"] },
  testsuite: {
    attributes: ["name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp", "hostname", "id"],
    children: ["testsuite", "properties", "testcase", "system-out", "system-err"],
  },
  testcase: {
    attributes: ["name!", "time", "classname", "group"],
    children: ["skipped", "error", "failure", "system-out", "system-err"],
  },
  failure: { attributes: ["type", "message"], children: [] },
  error: { attributes: ["type", "message"], children: [] },
  skipped: { attributes: ["type", "message"], children: [] },
};

test("the elements and attributes are those of Jenkins's schema", () => {
  const root = readXml(toJunit(createReport()));
  expect(root.name).toBe("testsuites");
  checkElement(root);
  expect(walk(root).filter(({ name }) => name === "testcase")).toHaveLength(9);
});

test("a suite counts as JUnit does", () => {
  const [death, first, second] = readXml(toJunit(createReport())).children;
  expect(death?.attributes).toMatchObject({ name: "subject", tests: "1", errors: "1" });
  expect(first?.attributes).toMatchObject({ name: "SS", tests: "4", failures: "1", errors: "0", skipped: "2" });
  expect(second?.attributes).toMatchObject({ name: "ERR", tests: "4", failures: "1", errors: "1", skipped: "2" });
  expect(first?.attributes).toMatchObject({ timestamp: "2026-01-02T03:04:05", hostname: "127.0.0.1", time: "4.936" });
});

test("what a subject said comes back as it was, but for what XML cannot hold", () => {
  const failure = walk(readXml(toJunit(createReport()))).find(({ name }) => name === "failure");
  expect(failure?.attributes["message"]).toContain('</script> <!-- ]]> & "quoted" \u2028 \ufffd\ufffd[2J \ufffd | `x`');
  expect(failure?.attributes["message"]).toContain("\n::error::x\r\n# h");
});

function checkElement({ name, attributes, children }: Element): void {
  const { attributes: allowed, children: inner } = schema[name] ?? { attributes: [], children: [] };
  const plain = allowed.map((attribute) => attribute.replace("!", ""));
  expect(schema, `the element ${name}`).toHaveProperty(name);
  for (const key of Object.keys(attributes)) expect(plain, `the attributes of ${name}`).toContain(key);
  for (const key of allowed.filter((one) => one.endsWith("!"))) expect(attributes).toHaveProperty(key.slice(0, -1));
  if (attributes["time"] !== undefined)
    expect(attributes["time"]).toMatch(/^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$/);
  for (const child of children) {
    expect(inner, `the children of ${name}`).toContain(child.name);
    checkElement(child);
  }
}

function walk(element: Element): Element[] {
  return [element, ...element.children.flatMap(walk)];
}

/** Just enough of XML 1.0 to refuse what is not well-formed. */
function readXml(text: string): Element {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  expect(text.isWellFormed()).toBe(true);
  const body = text.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "");
  const open: Element[] = [{ name: "", attributes: {}, children: [] }];
  let end = 0;
  for (const match of body.matchAll(/<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<]*")*)\s*(\/?)>/g)) {
    readCharacters(body.slice(end, match.index));
    end = match.index + match[0].length;
    const [, closing, name = "", attributes = "", empty] = match;
    if (closing === "/") expect(open.pop()?.name).toBe(name);
    else {
      const element: Element = { name, attributes: readAttributes(attributes), children: [] };
      open.at(-1)?.children.push(element);
      if (empty === "") open.push(element);
    }
  }
  readCharacters(body.slice(end));
  expect(open).toHaveLength(1);
  const [root] = open[0]?.children ?? [];
  return root ?? { name: "", attributes: {}, children: [] };
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [
    name,
    readCharacters(value),
  ]);
  expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Refuses a bare `<` or `&`; white space in the text of an attribute is only what was written as a reference. */
function readCharacters(text: string): string {
  expect(text).not.toMatch(/<|&(?!(?:amp|lt|gt|quot|#\d+);)/);
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };
  return text.replaceAll(
    /&(#?\w+);/g,
    (_all, name: string) => names[name] ?? String.fromCodePoint(Number(name.slice(1))),
  );
}
