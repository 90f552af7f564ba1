/**
 * Milliseconds of CPU that this thread took for the work. On a busy machine the clock goes on while the work waits, and
 * would measure the machine.
 */
export function measureCpuMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
