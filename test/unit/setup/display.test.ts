import { expect, test } from 'vitest';
import { findDisplay, xAddresses } from '../../../scripts/setup/display.mjs';

test('a display on this machine is looked for at both of its sockets, one elsewhere by its port', () => {
  expect(xAddresses(':7.1')).toEqual([{ path: '/tmp/.X11-unix/X7' }, { path: '\0/tmp/.X11-unix/X7' }]);
  expect(xAddresses('unix:0')).toEqual(xAddresses(':0'));
  expect(xAddresses('localhost:10.0')).toEqual([{ host: 'localhost', port: 6010 }]);
});

test('what is no display is none', () => {
  for (const name of ['', ':', 'host', ':x', ':1;rm', ':99999']) expect(xAddresses(name), name).toEqual([]);
});

test('no display, and one that does not answer, are told apart', async () => {
  expect(await findDisplay({})).toEqual({ none: 'There is no display here to open a window on' });
  expect(await findDisplay({ DISPLAY: ':9876', WAYLAND_DISPLAY: '/nowhere/wayland-0' })).toEqual({
    none: 'Nothing answers at the display :9876 and /nowhere/wayland-0',
  });
});
