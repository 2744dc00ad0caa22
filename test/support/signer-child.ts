import { toFailureData } from '../../src-main/contract/index.ts';
import { createSigner } from '../../src-main/signer/index.ts';

/** A signer in a process of its own, for tests in which it hangs or crashes. Started by `forkSigner`. */
const [marker = '', deadlineMs = '', pinPad = '', pinPadMs = '', memory = ''] = process.argv.slice(2);
const tell = (message: unknown): void => {
  process.send?.(message);
};
const signer = createSigner({
  clock: { now: () => Date.now() },
  emit: (event, payload) => {
    tell({ event, payload });
  },
  onHung: (hang) => {
    tell({ hang });
  },
  onStuck: () => {
    tell({ stuck: true });
  },
  marker,
  deadlineMs: Number(deadlineMs),
  pinPad: pinPad === '' ? null : pinPad,
  pinPadMs: Number(pinPadMs),
  ...(memory === '' ? {} : { memory }),
});

process.on('message', ({ id, name, input }: { id: number; name: string; input: unknown }) => {
  signer.handle(name, input).then(
    (value) => {
      tell({ id, value });
    },
    (error: unknown) => {
      tell({ id, failure: toFailureData(error) });
    },
  );
});
