import { PtyPeer } from '../pty-peer.ts';

/** A unit that answers whole lines, each by itself; null: it says nothing to that one. */
export async function linePeer(answers: (line: string) => string | null): Promise<PtyPeer> {
  let rest = '';
  const peer: PtyPeer = await PtyPeer.start('bridge', (bytes) => {
    const lines = (rest + bytes.toString('latin1')).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = answers(line);
      if (answer !== null) peer.send(answer);
    }
  });
  return peer;
}
