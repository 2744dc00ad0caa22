import type { MqttClient, Packet } from 'mqtt';
import type { AnswerPacket } from './reason-codes.ts';

/** A packet by which the broker refused or ended something, as it came: the client library keeps only a part of it. */
export class BrokerAnswer extends Error {
  readonly packet: AnswerPacket;
  readonly code: number;
  readonly reasonString: string | null;
  readonly serverReference: string | null;

  constructor(packet: AnswerPacket, code: number, { reasonString, serverReference }: AnswerProperties = {}) {
    super(`${packet} ${String(code)}`);
    this.packet = packet;
    this.code = code;
    this.reasonString = reasonString === undefined ? null : printable(reasonString);
    this.serverReference = serverReference === undefined ? null : printable(serverReference);
  }
}

interface AnswerProperties {
  readonly reasonString?: string;
  readonly serverReference?: string;
}

const longest = 200;
/** Anybody's text: without control characters, and not for ever. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '�').slice(0, longest);

/** Listens to a client's packets and keeps what refuses. */
export class BrokerAnswers {
  /** Of the whole connection: CONNACK or DISCONNECT. It wins over whatever the socket says afterwards. */
  ended: BrokerAnswer | null = null;
  /** The last PUBACK or SUBACK that refused. */
  refused: BrokerAnswer | null = null;

  constructor(client: MqttClient) {
    client.on('packetreceive', (packet) => {
      const answer = answerIn(packet);
      if (answer === null) return;
      if (answer.packet === 'CONNACK' || answer.packet === 'DISCONNECT') this.ended ??= answer;
      else this.refused = answer;
    });
  }
}

function answerIn(packet: Packet): BrokerAnswer | null {
  switch (packet.cmd) {
    case 'connack':
      return refusal('CONNACK', packet.reasonCode ?? packet.returnCode, packet.properties);
    case 'disconnect':
      return new BrokerAnswer('DISCONNECT', packet.reasonCode ?? 0, packet.properties);
    case 'puback':
    case 'pubrec':
      return refusal('PUBACK', packet.reasonCode, packet.properties);
    case 'suback':
      return refusal(
        'SUBACK',
        packet.granted.map(Number).find((code) => code >= 128),
        packet.properties,
      );
    default:
      return null;
  }
}

/** From 128 on a code refuses (MQTT 5, 2.4); in a CONNACK of 3.1.1 every code but 0 does. */
function refusal(packet: AnswerPacket, code: number | undefined, properties: AnswerProperties = {}): BrokerAnswer | null {
  if (code === undefined || code === 0 || (packet !== 'CONNACK' && code < 128)) return null;
  return new BrokerAnswer(packet, code, properties);
}
