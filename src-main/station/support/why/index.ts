/** The door to the answer to "why can this device not connect?". */
export { judgeDevice, type DeviceFacts } from './judge.ts';
export { symptomOf } from './symptom.ts';
