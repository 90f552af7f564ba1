/** Runs all of them, so many at once, in order. */
export async function runPool<T>(
  jobs: readonly T[],
  concurrency: number,
  run: (job: T) => Promise<void>,
): Promise<void> {
  const left = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await run(job);
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
}
