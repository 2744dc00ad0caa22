/** Packets by which a broker gives a reason code to a client. */
export type AnswerPacket = 'CONNACK' | 'PUBACK' | 'SUBACK' | 'DISCONNECT';

/** What a reason code is about; each kind has its failure (diagnose.ts). */
export type ReasonKind = 'version' | 'client id' | 'login' | 'topic' | 'busy' | 'moved' | 'taken over' | 'administrator' | 'other';

interface ReasonCode {
  readonly name: string;
  readonly kind: ReasonKind;
  /** Where MQTT 5 (2.4) allows it. */
  readonly packets: readonly AnswerPacket[];
}

const all: readonly AnswerPacket[] = ['CONNACK', 'PUBACK', 'SUBACK', 'DISCONNECT'];
const ends: readonly AnswerPacket[] = ['CONNACK', 'DISCONNECT'];
const code = (kind: ReasonKind, name: string, packets: readonly AnswerPacket[]): ReasonCode => ({ kind, name, packets });

/** MQTT 5, 2.4: every code by which a server refuses or ends something. */
export const reasonCodes: Readonly<Record<number, ReasonCode>> = {
  0: code('other', 'normal disconnection', ['DISCONNECT']),
  128: code('other', 'unspecified error', all),
  129: code('other', 'malformed packet', ends),
  130: code('other', 'protocol error', ends),
  131: code('other', 'implementation specific error', all),
  132: code('version', 'unsupported protocol version', ['CONNACK']),
  133: code('client id', 'client identifier not valid', ['CONNACK']),
  134: code('login', 'wrong user name or password', ['CONNACK']),
  135: code('login', 'not authorised', all),
  136: code('busy', 'server unavailable', ['CONNACK']),
  137: code('busy', 'server busy', ends),
  138: code('login', 'banned', ['CONNACK']),
  139: code('busy', 'server shutting down', ['DISCONNECT']),
  // 2.4 lists it for DISCONNECT, too; 3.14.2.1 does not.
  140: code('login', 'wrong kind of login', ['CONNACK']),
  141: code('other', 'keep alive timeout', ['DISCONNECT']),
  142: code('taken over', 'session taken over', ['DISCONNECT']),
  143: code('topic', 'topic filter invalid', ['SUBACK', 'DISCONNECT']),
  144: code('topic', 'topic name invalid', ['CONNACK', 'PUBACK', 'DISCONNECT']),
  145: code('other', 'packet identifier in use', ['PUBACK', 'SUBACK']),
  147: code('other', 'receive maximum exceeded', ['DISCONNECT']),
  148: code('other', 'topic alias invalid', ['DISCONNECT']),
  149: code('other', 'packet too large', ends),
  150: code('busy', 'message rate too high', ['DISCONNECT']),
  151: code('busy', 'quota exceeded', all),
  152: code('administrator', 'administrative action', ['DISCONNECT']),
  153: code('other', 'payload format invalid', ['CONNACK', 'PUBACK', 'DISCONNECT']),
  154: code('other', 'retain not supported', ends),
  155: code('other', 'QoS not supported', ends),
  156: code('moved', 'use another server', ends),
  157: code('moved', 'server moved', ends),
  158: code('other', 'shared subscriptions not supported', ['SUBACK', 'DISCONNECT']),
  159: code('busy', 'connection rate exceeded', ends),
  160: code('busy', 'maximum connect time', ['DISCONNECT']),
  161: code('other', 'subscription identifiers not supported', ['SUBACK', 'DISCONNECT']),
  162: code('other', 'wildcard subscriptions not supported', ['SUBACK', 'DISCONNECT']),
};

/** MQTT 3.1.1, 3.2.2.3. */
export const returnCodes: Readonly<Record<number, ReasonCode>> = {
  1: code('version', 'unacceptable protocol version', ['CONNACK']),
  2: code('client id', 'client identifier rejected', ['CONNACK']),
  3: code('busy', 'server unavailable', ['CONNACK']),
  4: code('login', 'wrong user name or password', ['CONNACK']),
  5: code('login', 'not authorised', ['CONNACK']),
};
