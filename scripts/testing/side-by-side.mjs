/**
 * Does the jobs in their order, some at the same time. None begins after one that failed; those that run go on to their end.
 * @template T
 * @param {readonly T[]} jobs
 * @param {number} together
 * @param {(job: T) => Promise<boolean>} work resolves with whether the job passed
 * @returns {Promise<T | null>} the first that failed
 */
export async function sideBySide(jobs, together, work) {
  const waiting = [...jobs];
  let failed = null;
  const lane = async () => {
    while (failed === null && waiting.length > 0) {
      const job = waiting.shift();
      if (!(await work(job))) failed ??= job;
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  return failed;
}
