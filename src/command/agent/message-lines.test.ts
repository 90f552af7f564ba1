import { expect, test } from "vitest";
import { MessageLines } from "./message-lines.ts";

test.each<[what: string, lines: string[], want: (string | undefined)[]]>([
  ["a line is a message", ["one", "two"], ["one", "two"]],
  [
    "a backslash at the end goes on",
    ["one\\", "two\\", "three", "four"],
    [undefined, undefined, "one\ntwo\nthree", "four"],
  ],
  ["two of them are meant", ["C:\\\\"], ["C:\\\\"]],
  [
    "a block is one message",
    ['"""', "one", "", "  two\\", '"""'],
    [undefined, undefined, undefined, undefined, "one\n\n  two\\"],
  ],
  ["a block may begin and end within lines", ['"""one', 'two"""', "three"], [undefined, "one\ntwo", "three"]],
  ["a block may be one line", ['"""one"""'], ["one"]],
  ["an empty one is empty", ['"""', '"""'], [undefined, ""]],
  ["quotes within a line are none", ['say """ twice'], ['say """ twice']],
  ["a continued line begins no block", ["one\\", '"""'], [undefined, 'one\n"""']],
])("%s", (_, lines, want) => {
  const messages = new MessageLines();
  expect(lines.map((line) => messages.add(line))).toEqual(want);
  expect(messages.isOpen).toBe(false);
});

test("what was begun can be taken back", () => {
  const messages = new MessageLines();
  for (const line of ["one\\", '"""one']) {
    messages.add(line);
    expect(messages.isOpen).toBe(true);
    messages.clear();
    expect([messages.isOpen, messages.add("two")]).toEqual([false, "two"]);
  }
});
