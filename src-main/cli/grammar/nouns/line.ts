import type { Noun } from '../entry.ts';

export const slots: Noun = {
  name: 'slots',
  summary: 'the fixture map: which slot is at which port, adapter or socket',
  commands: [
    {
      name: 'slots list',
      summary: 'the slots, and where each is now',
      rows: true,
      examples: [{ line: 'slots list' }],
      output: '{total, rows: [{slot, position, port}]}',
      load: async () => (await import('../../commands/slots.ts')).listSlots,
    },
    {
      name: 'slots ports',
      summary: 'serial ports of this computer, and what a slot can be bound to',
      rows: true,
      examples: [{ line: 'slots ports' }],
      output: '{total, rows: [{path, usb, hub, product, present, slot}]}',
      load: async () => (await import('../../commands/slots.ts')).listPorts,
    },
    {
      name: 'slots bind',
      summary: 'slot N is at a path, at usb:VID:PID:SERIAL (an adapter), or at hub:1-2.3 (a socket)',
      argument: { word: 'N=POSITION', required: true, help: 'the slot and its position' },
      rows: true,
      examples: [{ line: 'slots bind 1=hub:1-2.3/0', about: 'to a socket, whatever is plugged in' }],
      output: 'as slots list',
      load: async () => (await import('../../commands/slots.ts')).bind,
    },
    {
      name: 'slots unbind',
      summary: 'take a slot out',
      argument: { word: 'N', required: true, help: 'the slot' },
      rows: true,
      examples: [{ line: 'slots unbind 4' }],
      output: 'as slots list',
      load: async () => (await import('../../commands/slots.ts')).unbind,
    },
    {
      name: 'slots add-port',
      summary: 'show a port that the system does not list',
      argument: { word: 'PATH', required: true, help: 'the port' },
      rows: true,
      examples: [{ line: 'slots add-port /dev/ttyRS485-0' }],
      output: 'as slots ports',
      load: async () => (await import('../../commands/slots.ts')).addPort,
    },
    {
      name: 'slots remove-port',
      summary: 'show such a port no more',
      argument: { word: 'PATH', required: true, help: 'the port' },
      rows: true,
      examples: [{ line: 'slots remove-port /dev/ttyRS485-0' }],
      output: 'as slots ports',
      load: async () => (await import('../../commands/slots.ts')).removePort,
    },
  ],
};

const id = { word: 'ID', required: true, help: 'the work order' } as const;

export const orders: Noun = {
  name: 'orders',
  summary: 'work orders: what the line is to make',
  commands: [
    {
      name: 'orders list',
      summary: 'work orders, and how far each is',
      rows: true,
      examples: [{ line: 'orders list' }],
      output: '{total, rows: [{order, passed, failed, notVerified, unitsPerHour, minutesLeft}]}',
      load: async () => (await import('../../commands/orders.ts')).listOrders,
    },
    {
      name: 'orders create',
      summary: 'add a work order',
      argument: id,
      options: {
        tenant: { value: 'ID', required: true, help: 'the customer' },
        quantity: { value: 'N', required: true, help: 'how many units' },
        product: { value: 'NAME', help: 'what is made (default: the order’s id)' },
        prefix: { value: 'TEXT', help: 'device ids are this and a running number (default: the order’s id and "-")' },
        'device-profile': { value: 'NAME', help: 'how to talk to the units (default: reference-agent)' },
        'certificate-profile': { value: 'NAME', help: 'what their certificates say (default: device)' },
      },
      examples: [{ line: 'orders create WO-7 --tenant acme --product "Thermo 2" --prefix T2- --quantity 200' }],
      output: '{order, passed, failed, notVerified, unitsPerHour, minutesLeft}',
      load: async () => (await import('../../commands/orders.ts')).createOrder,
    },
    {
      name: 'orders choose',
      summary: 'put a work order on the line',
      argument: id,
      examples: [{ line: 'orders choose WO-7' }],
      output: '{order, passed, failed, notVerified, unitsPerHour, minutesLeft}',
      load: async () => (await import('../../commands/orders.ts')).chooseOrder,
    },
  ],
};

export const transcripts: Noun = {
  name: 'transcripts',
  summary: 'what was said on the line to units',
  commands: [
    {
      name: 'transcripts show',
      summary: 'what was said on the line to a unit in a run, without anything secret',
      argument: { word: 'RUN', help: 'the run (default: the one that began last)' },
      options: {
        out: { value: 'FILE', short: 'o', file: 'write', help: 'write it to a file, for birthmark profiles dry-run' },
      },
      examples: [{ line: 'transcripts show --out unit.jsonl', about: 'the last run, as a file' }],
      output: '{run, device, verdict, lines: [{at, direction, text, part}]}; with --out {run, out}',
      load: async () => (await import('../../commands/transcript.ts')).showTranscript,
    },
  ],
};
