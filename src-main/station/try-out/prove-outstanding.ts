import type { Line, ProofResult } from '../line/index.ts';
import type { Registry } from '../registry/index.ts';
import type { TryOutBench } from './bench.ts';

/** Units that lie beside the bench are plugged in for their proof, one after the other, into the first slot. `results`: what the line has said of each. */
export async function proveFromBench(
  { line, registry, bench }: { readonly line: Line; readonly registry: Registry; readonly bench: TryOutBench },
  results: readonly ProofResult[],
  actor: string,
): Promise<ProofResult[]> {
  const all = new Map(results.map((result) => [result.device, result]));
  const [free] = line.views();
  if (free === undefined) return [...results];
  for (const { device, slot } of results) {
    const hardwareId = registry.devices.get(device)?.hardwareId ?? null;
    if (slot !== null || hardwareId === null) continue;
    await bench.unplug(free.slot);
    await line.plugged(free.slot, false);
    await bench.plug(free.slot, { hardwareId });
    await line.plugged(free.slot, true);
    for (const proven of await line.proveOutstanding(actor)) if (proven.slot !== null) all.set(proven.device, proven);
  }
  return [...all.values()];
}
