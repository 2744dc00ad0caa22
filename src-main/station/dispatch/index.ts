export { createDispatcher, mayCall, type Handlers, type HandlersOf, type StationCallName } from './dispatcher.ts';
