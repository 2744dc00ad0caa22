export { ClockGuard } from './clock-guard.ts';
export { Upkeep } from './upkeep.ts';
