export { SimulatedBench, type PlugOptions, type SimulatedBenchOptions, type SimulatedUnit } from './bench.ts';
export { simulatedFaults, type SimulatedFault } from './faults.ts';
