export { TryOutBench, type TryOutBenchOptions } from './bench.ts';
