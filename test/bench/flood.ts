import { setTimeout as pause } from 'node:timers/promises';
import { LineReader } from '../../src-main/station/devices/console/line-reader.ts';
import { SerialLink } from '../../src-main/station/devices/serial-link.ts';
import { SmpClient } from '../../src-main/station/devices/smp/client.ts';
import { Transcript } from '../../src-main/station/devices/transcript.ts';
import { Agent } from '../support/agent.ts';
import type { Figure } from './figure.ts';

const warmUpMs = 3000;
const floodMs = 20_000;

/** `flood`: a unit that never stops sending noise, as fast as its line takes it. What it costs in memory, and of a core; every reader of the drivers hears it. */
export async function flood(): Promise<Figure> {
  const agent = await new Agent({ faults: ['flood'] }).start();
  const transcript = new Transcript();
  const lines = new LineReader(() => undefined);
  let received = 0;
  const link = await SerialLink.open({
    path: agent.path,
    baudRate: 115_200,
    onData: (bytes) => {
      received += bytes.length;
      client.receive(bytes);
      lines.push(bytes);
    },
    onLost: () => undefined,
  });
  const client = new SmpClient(link, (bytes) => transcript.log(bytes));
  try {
    // It wakes with the first byte that it is sent.
    await link.write(Buffer.from('\n'), 1000);
    await pause(warmUpMs);
    const [before, cpu, counted] = [process.memoryUsage().rss, process.cpuUsage(), received];
    await pause(floodMs);
    const { user, system } = process.cpuUsage(cpu);
    return {
      value: Math.round((process.memoryUsage().rss - before) / 1e5) / 10,
      unit: 'MB more',
      detail: {
        megabytesPerSecond: Number(((received - counted) / floodMs / 1000).toFixed(2)),
        seconds: floodMs / 1000,
        shareOfOneCore: Number(((user + system) / 1000 / floodMs).toFixed(2)),
      },
    };
  } finally {
    await link.close();
    await agent.dispose();
  }
}
