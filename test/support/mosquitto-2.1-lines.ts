/**
 * Pairs of lines as Mosquitto 2.1 writes them with `connection_messages true`; addresses, client ids and usernames are ours. Without a reason: the
 * client said goodbye. Found in published broker logs: the shape with the address, and the reasons “connection closed by client”, “exceeded timeout”,
 * “session taken over”, “not authorised” and “protocol error” (also as “Protocol error”); “malformed packet” in a description of 2.1.2's source. Not
 * found anywhere, and made here by the same shape: “administrative action”, “Connection reset by peer”, “The connection was lost”. The reader takes any.
 */
const reasons = [
  null, 'connection closed by client', 'exceeded timeout', 'session taken over', 'not authorised', 'administrative action', 'protocol error',
  'Protocol error', 'malformed packet', 'Connection reset by peer', 'The connection was lost',
]; // prettier-ignore

const peers = [
  { address: '192.168.68.135:63534', clientId: 'sensor-1' },
  { address: '::1:46264', clientId: 'probe' },
  { address: '10.42.1.0:50816', clientId: 'auto-2822DC44-A273-BD33-E667-A7CE1E194363' },
];

export const recorded21 = reasons.flatMap((reason) =>
  peers.map(({ address, clientId }) => ({
    clientId,
    connected: `New client connected from ${address} as ${clientId} (p5, c1, k60, u'acme/a').`,
    ended: `Client ${clientId} [${address}] disconnected${reason === null ? '' : `: ${reason}`}.`,
  })),
);
