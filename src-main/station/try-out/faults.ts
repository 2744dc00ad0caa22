import type { ErrorCode } from '../../contract/index.ts';

/** Something that can be wrong with a simulated unit, and how its run must end. */
export interface SimulatedFault {
  readonly name: string;
  /** One line for people who choose from a list. */
  readonly about: string;
  /** Arguments for the device agent; empty for a fault of the station's surroundings. */
  readonly agentFaults: readonly string[];
  /** `survive`: the unit passes all the same. */
  readonly expected: 'survive' | { readonly verdict: 'FAIL' | 'NOT_VERIFIED'; readonly code: ErrorCode };
}

const fault = (name: string, expected: 'survive' | ErrorCode, agentFaults: readonly string[], about: string): SimulatedFault => ({
  name,
  about,
  agentFaults,
  expected: expected === 'survive' ? expected : { verdict: 'FAIL', code: expected },
});

/** Another hardware id than any that a bench gives. */
const STRANGER = '02FFFFFFFFFF';

/** The faults of `birthmark demo --fault NAME` and of a try-out station. */
export const simulatedFaults: readonly SimulatedFault[] = [
  fault('wrong-stored-byte', 'VERIFY_MISMATCH', ['stored-byte'], 'one byte of the stored certificate is wrong: faulty memory'),
  fault(
    'device-swapped',
    'DEVICE_SWAPPED',
    [`swap-on-replug=${STRANGER}`],
    'another unit is put into the slot while the first is being written',
  ),
  fault('csr-other-key', 'CSR_SIGNATURE_BAD', ['csr-other-key'], 'the certificate request is signed with another key than the one in it'),
  fault('peer-stalls', 'NO_RESPONSE', ['stall=write'], 'the unit stops answering when the certificate is written'),
  fault('peer-dies', 'PORT_GONE', ['die-at=200'], 'the unit dies while the certificate is written, and stays away'),
  fault('unplugged-mid-write', 'survive', ['unplug-at=200'], 'the cable is pulled while the certificate is written, and put back'),
  fault('wrong-baud', 'WRONG_BAUD_SUSPECTED', ['baud=9600'], 'the unit talks at another speed than the profile says'),
  fault('noisy-log', 'survive', ['noise'], 'the unit prints log lines between and inside of its answers'),
  fault('corrupted-bytes', 'survive', ['corrupt=5'], 'every fifth answer has a wrong byte'),
  fault('dropped-bytes', 'survive', ['drop=5'], 'every fifth answer loses a byte'),
  fault('duplicated-bytes', 'survive', ['duplicate=5'], 'every fifth answer has a doubled byte'),
  fault('small-buffers', 'survive', ['small-buffers'], 'the unit takes 128 bytes at a time, less than a certificate'),
  fault('slow-flash', 'survive', ['slow-flash=150'], 'every write takes 150 ms'),
  fault('noise-flood', 'survive', ['flood'], 'the unit sends noise without end, and its answers in between'),
  {
    name: 'broker-away',
    about: 'the broker host does not answer when the unit is to be proven',
    agentFaults: [],
    expected: { verdict: 'NOT_VERIFIED', code: 'BROKER_AWAY' },
  },
];
