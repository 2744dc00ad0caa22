/** How a session's end is written. `address` is there where the wording names the connection. */
export interface EndOfSession {
  readonly clientId: string;
  readonly address: string | null;
}

interface Wording {
  /** Major and minor version from which on Mosquitto writes this way. */
  readonly from: readonly [number, number];
  /** The versions whose lines were seen. */
  readonly seenIn: readonly string[];
  /** Groups `id` and perhaps `address`. The id is taken as long as it can be: a client may call itself anything. */
  readonly ended: readonly RegExp[];
}

const takenOver = /^Client (?<id>.*) already connected, closing old connection\.$/su;

/** Mosquitto's words for the end of a session, oldest first; a version that is newer than all of them is read as the last. */
export const wordings: readonly Wording[] = [
  {
    from: [0, 0],
    seenIn: ['2.0.11'],
    ended: [
      takenOver,
      /^Client (?<id>.*) closed its connection\.$/su,
      /^Client (?<id>.*) has exceeded timeout, disconnecting\.$/su,
      /^Client (?<id>.*) been disconnected by administrative action\.$/su,
      /^Client (?<id>.*) disconnected\.$/su,
      /^Client (?<id>.*) disconnected, not authorised\.$/su,
      /^Client (?<id>.*) disconnected due to [A-Za-z ]+\.$/su,
      /^Client (?<id>.*) disconnected due to using not allowed feature \(QoS too high, retain not supported, or bad AUTH method\)\.$/su,
      /^Bad socket read\/write on client (?<id>.*): [^:]*$/su,
      /^Client (?<id>.*) disconnected: [^:]*\.$/su,
    ],
  },
  {
    from: [2, 1],
    seenIn: ['2.1.2'],
    ended: [takenOver, /^Client (?<id>.*) \[(?<address>\S+:\d+)\] disconnected(?:: [^[\]]*)?\.$/su],
  },
];

const versionOf = (text: string): [number, number] => {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return [major, minor];
};

function wordingOf(version: string): Wording | undefined {
  const [major, minor] = versionOf(version);
  return wordings.findLast(({ from }) => major > from[0] || (major === from[0] && minor >= from[1]));
}

function read(line: string, wording: Wording): EndOfSession | null {
  for (const pattern of wording.ended) {
    const groups = pattern.exec(line)?.groups;
    if (groups !== undefined) return { clientId: groups['id'] ?? '', address: groups['address'] ?? null };
  }
  return null;
}

/** What this line may say about a session's end: one reading when the version is known, else one for each wording that fits. */
export function endsOfSession(line: string, version: string | null): readonly EndOfSession[] {
  const known = version === null ? undefined : wordingOf(version);
  const tried = known === undefined ? wordings : [known];
  return tried.flatMap((wording) => read(line, wording) ?? []);
}
