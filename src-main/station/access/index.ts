export { createDispatcher, mayCall, type Handlers, type StationCallName } from './dispatcher.ts';
export { preconditions, type Readiness } from './preconditions.ts';
