/** Whoever reads may leave early (`| head`): the command still ends in good order, with its own exit code. */
export function allowEarlyReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
