/** The door of dispatch: who calls, what they may, and which handler does it. */
export { callerOf, type People } from './callers.ts';
export {
  createDispatcher,
  isCall,
  mayCall,
  mustBeAllowed,
  type Dispatch,
  type Handlers,
  type HandlersOf,
  type OnRefused,
  type StationCallName,
} from './dispatcher.ts';
export { Faces } from './faces.ts';
export { PinRequests } from './pin-requests.ts';
