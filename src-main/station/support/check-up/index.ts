/** The door to the broker check-up: is a broker set up so that devices are safe behind it? */
export { checkBroker, type CheckupParts, type KnownCrl } from './checkup.ts';
