import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { watchStrayRejections } from "./stray.ts";

test("of two runs at once each is told of the promises that it has lost itself", async () => {
  // The runner of the tests takes them for its own.
  const others = process.listeners("unhandledRejection");
  for (const listener of others) process.off("unhandledRejection", listener);
  onTestFinished(() => others.forEach((listener) => process.on("unhandledRejection", listener)));
  const [one, other] = [watchStrayRejections(), watchStrayRejections()];
  const lose = async (words: string): Promise<void> => {
    await delay(5);
    setTimeout(() => void Promise.reject(new Error(words)), 5);
  };
  await Promise.all([one.run(() => lose("the first")), other.run(() => lose("the second"))]);
  await delay(20);
  one.stop();
  other.stop();
  expect(one.toResults().map(({ actual }) => actual)).toEqual(["Error: the first"]);
  expect(other.toResults().map(({ actual }) => actual)).toEqual(["Error: the second"]);
});

test("however many runs go on at once, Node has nothing to warn of, and nothing stays behind", () => {
  const before = process.listenerCount("unhandledRejection");
  const watches = Array.from({ length: 20 }, watchStrayRejections);
  expect(process.listenerCount("unhandledRejection")).toBe(before + 1);
  for (const watch of watches) watch.stop();
  expect(process.listenerCount("unhandledRejection")).toBe(before);
});

test("a promise that somebody comes late for is not lost, and Node does not warn of it", async () => {
  const others = process.listeners("unhandledRejection");
  for (const listener of others) process.off("unhandledRejection", listener);
  onTestFinished(() => others.forEach((listener) => process.on("unhandledRejection", listener)));
  const warnings: string[] = [];
  const warn = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  const watch = watchStrayRejections();
  await watch.run(async () => {
    const late = Promise.reject(new Error("late"));
    await delay(5);
    await late.catch(() => undefined);
  });
  await delay(20);
  watch.stop();
  expect(watch.toResults()).toEqual([]);
  expect(warnings).toEqual([]);
});
