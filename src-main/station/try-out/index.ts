/** The door of the try-out station: simulated units and the bench they sit on. */
export { TryOutBench, type TryOutBenchOptions } from './bench.ts';
export { SimulatedBench, type PlugOptions, type SimulatedBenchOptions, type SimulatedUnit } from './simulated-bench.ts';
export { proveFromBench } from './prove-outstanding.ts';
export { simulatedFaults, type SimulatedFault } from './faults.ts';
