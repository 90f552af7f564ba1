import type { CaseContext } from "../context.ts";
import { expectRejection, expectThat, Failure, show } from "../expect.ts";

/** What the SDK gives; a failure of the case, in the SDK's words, where it throws instead. */
export async function fromSdk<T>({ signal }: CaseContext, promise: PromiseLike<T>, what: string): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Failure || signal.aborted || isRefusedConnection(error)) throw error;
    throw new Failure(`the SDK to get an answer to ${what}`, show(error));
  }
}

/** The error that the SDK throws, once it is of the class with this name. */
export async function refusedBySdk(
  { sdk, signal }: CaseContext,
  promise: PromiseLike<unknown>,
  className: string,
  what: string,
): Promise<Error & Record<string, unknown>> {
  const error = await expectRejection(Promise.resolve(promise), what);
  if (signal.aborted || isRefusedConnection(error)) throw error;
  const known = sdk.module[className];
  expectThat(typeof known === "function" && error instanceof known, `the SDK to throw ${className} for ${what}`, error);
  return error;
}

/** Nobody listens: that says nothing about the requirement. */
function isRefusedConnection(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as NodeJS.ErrnoException).code === "ECONNREFUSED") return true;
  }
  return false;
}
