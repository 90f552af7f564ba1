import { expect, test } from "vitest";
import { listChanges, toChangesPage } from "./changes.ts";

const first = { version: "0.1.0", inventory: { operations: ["GET /a", "GET /b"], fields: ["A.x"] } };
const second = { version: "0.2.0", inventory: { operations: ["GET /a", "POST /c"], fields: ["A.x"] } };

test("what a version has gained and lost is told, and nothing else", () => {
  expect(listChanges(first.inventory, second.inventory)).toEqual(["operations: + POST /c", "operations: − GET /b"]);
  expect(listChanges(first.inventory, first.inventory)).toEqual([]);
});

test("the newest version stands first, and one that is kept already is not told twice", () => {
  const { html } = toChangesPage([first, second], second);
  expect([...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id)).toEqual(["0.2.0", "0.1.0"]);
  expect(html).toContain("operations: + POST /c");
  expect(html).toContain("The first version: 2 operations, 1 fields.");
});
