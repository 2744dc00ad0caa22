import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** MQTT 3.1.1 CONNECT with client id `birthmark`, clean session, written out: no library may upgrade it to TLS. */
const mqttConnect = Buffer.concat([
  Buffer.from([0x10, 21, 0, 4]),
  Buffer.from('MQTT'),
  Buffer.from([4, 2, 0, 10, 0, 9]),
  Buffer.from('birthmark'),
]);

const websocketUpgrade = Buffer.from(
  [
    'GET /mqtt HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: mqtt',
    'Sec-WebSocket-Key: YmlydGhtYXJrYmlydGhtYQ==',
    '',
    '',
  ].join('\r\n'),
);

const echo = 'an echo of what it is sent';

const firstWords: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/1\.[01] 101 /u, 'MQTT over websockets'],
  [/^HTTP\/\d/u, 'HTTP'],
  [/^SSH-/u, 'SSH'],
  [/^220[ -]/u, 'SMTP or FTP'],
  [/^\* OK/u, 'IMAP'],
  [/^\+OK/u, 'POP3'],
  [/^AMQP/u, 'AMQP'],
  // CONNECT is said by clients only.
  [/^\x10.{1,4}\0\x04MQTT/su, echo],
];

/** What speaks so, in words; `sent` is what it answers. Null for a TLS record, and for nothing. */
export function speakerOf(answer: Uint8Array, sent: Uint8Array): string | null {
  const bytes = Buffer.from(answer);
  if (bytes.length === 0 || (bytes[0] === 0x15 && bytes[1] === 3)) return null;
  if (bytes.length >= 4 && bytes.equals(Buffer.from(sent).subarray(0, bytes.length))) return echo;
  // CONNACK with its two bytes (3.1.1).
  if (bytes[0] === 0x20 && bytes[1] === 2) return 'plain MQTT';
  const text = bytes.toString('latin1');
  return firstWords.find(([pattern]) => pattern.test(text))?.[1] ?? 'something that is neither TLS nor MQTT';
}

const sniffMs = 1_500;

/** What speaks on a port without TLS: asked as an MQTT client, then as a browser. Null when nothing does. */
export async function sniff(endpoint: { readonly host: string; readonly port: number }, timeoutMs = sniffMs): Promise<string | null> {
  const ask = async (words: Uint8Array): Promise<string | null> =>
    speakerOf(await answerTo(connect({ host: endpoint.host, port: endpoint.port }), words, timeoutMs), words);
  const speaker = await ask(mqttConnect);
  // A web server may also be the door to websockets.
  return speaker === null || speaker === 'HTTP' ? ((await ask(websocketUpgrade)) ?? speaker) : speaker;
}

/** The same through a TLS connection that stands: what speaks there when it is not MQTT? */
export async function sniffInside(socket: Duplex, timeoutMs = sniffMs): Promise<string | null> {
  return speakerOf(await answerTo(socket, websocketUpgrade, timeoutMs), websocketUpgrade);
}

/** The first bytes of the answer; none when it closes or stays silent. Closes the socket. */
function answerTo(socket: Duplex, words: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const settle = (answer: Uint8Array): void => {
      clearTimeout(timer);
      resolve(answer);
      socket.destroy();
    };
    const timer = setTimeout(() => settle(Buffer.alloc(0)), timeoutMs);
    socket.on('error', () => settle(Buffer.alloc(0)));
    socket.once('close', () => settle(Buffer.alloc(0)));
    socket.once('data', (data: Buffer) => settle(data));
    socket.write(words);
  });
}

/** Does something answer MQTT without TLS here? False when the connection is refused, reset, or silent. */
export const answersPlainMqtt = async (endpoint: { readonly host: string; readonly port: number }, timeoutMs = 2_000): Promise<boolean> =>
  speakerOf(await answerTo(connect({ host: endpoint.host, port: endpoint.port }), mqttConnect, timeoutMs), mqttConnect) === 'plain MQTT';
