import { AsyncLocalStorage } from "node:async_hooks";
import { onTestFinished, type TestContext } from "vitest";

/** The test that goes on. Of several that go on at once, vitest's own `onTestFinished` knows only one. */
export const goingOn = new AsyncLocalStorage<Pick<TestContext, "onTestFinished">>();

/** What a fixture undoes when the test that called it is finished. */
export function onEnd(undo: () => unknown): void {
  (goingOn.getStore()?.onTestFinished ?? onTestFinished)(async () => void (await undo()));
}
