import { expect, test } from 'vitest';
import { isNoSuchLine, openFailure } from '../../../src-main/station/devices/port-errors.ts';

// Seen on Linux: lock, no such file, ioctl, directory. The others follow strerror and serialport's Windows texts and were not seen on a real port.
test.each([
  ['Error Resource temporarily unavailable Cannot lock port', 'PORT_BUSY'],
  ['Error: Device or resource busy, cannot open /dev/ttyACM0', 'PORT_BUSY'],
  ['Error: Resource busy, cannot open /dev/tty.usbmodem1', 'PORT_BUSY'],
  ['Opening COM3: Access denied', 'PORT_BUSY'],
  ['Error: Permission denied, cannot open /dev/ttyUSB0', 'PORT_DENIED'],
  ['Error: No such file or directory, cannot open /dev/ttyUSB0', 'PORT_GONE'],
  ['Opening COM3: File not found', 'PORT_GONE'],
  ['Error: Input/output error, cannot open /dev/pts/3', 'PORT_GONE'],
  ['Error: Inappropriate ioctl for device setting custom baud rate of 115200', 'WRONG_PROTOCOL'],
  ['Error: Is a directory, cannot open /tmp', 'WRONG_PROTOCOL'],
])('%s: %s', (text, code) => {
  expect(openFailure('/dev/x', new Error(text))).toMatchObject({ code, params: { path: '/dev/x' } });
});

test('a port without modem lines is told from one that is gone', () => {
  expect(isNoSuchLine(new Error('Error: Inappropriate ioctl for device, cannot set'))).toBe(true);
  expect(isNoSuchLine(new Error('Error: Input/output error, cannot set'))).toBe(false);
});
