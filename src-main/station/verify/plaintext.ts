import { connect } from 'node:net';

/** MQTT 3.1.1 CONNECT with client id `birthmark`, clean session, written out: no library may upgrade it to TLS. */
const plainConnect = Buffer.concat([
  Buffer.from([0x10, 21, 0, 4]),
  Buffer.from('MQTT'),
  Buffer.from([4, 2, 0, 10, 0, 9]),
  Buffer.from('birthmark'),
]);

/** Does something answer MQTT without TLS here? False when the connection is refused, reset, or silent for `timeoutMs`. */
export function answersPlainMqtt(endpoint: { readonly host: string; readonly port: number }, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: endpoint.host, port: endpoint.port });
    const settle = (answer: boolean): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.once('connect', () => socket.write(plainConnect));
    // 0x20 is CONNACK; a TLS alert begins with 0x15.
    socket.once('data', (data) => settle(data[0] === 0x20));
  });
}
