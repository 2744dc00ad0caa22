import type { Session } from 'electron';

interface Row {
  readonly allowed: boolean;
  readonly why: string;
}
const no = (why: string): Row => ({ allowed: false, why });
const yes = (why: string): Row => ({ allowed: true, why });

/** What Chrome can ask for, and our answer. What is not in the table is refused as well. */
export const permissions: Readonly<Record<string, Row>> = {
  'clipboard-sanitized-write': yes('“Copy details” puts plain text on the clipboard when somebody presses it'),
  'clipboard-read': no('a scan or a PIN that somebody copied is none of our business'),
  fullscreen: no('kiosk mode is the main process’s decision'),
  notifications: no('the line is told on its own screen'),
  media: no('no camera and no microphone: labels are read by a scanner that types'),
  'display-capture': no('nobody records the screen'),
  mediaKeySystem: no('no protected media'),
  geolocation: no('a station does not move'),
  midi: no('no such device'),
  midiSysex: no('no such device'),
  pointerLock: no('the pointer belongs to the person'),
  keyboardLock: no('the keyboard belongs to the person'),
  'idle-detection': no('signing sessions time out in the signer, not in the page'),
  serial: no('units are reached by the station service, never by the page'),
  usb: no('units are reached by the station service, never by the page'),
  hid: no('units are reached by the station service, never by the page'),
  openExternal: no('nothing in the app leads out of it'),
  'window-management': no('one window, placed by the person'),
  'storage-access': no('one origin only'),
  'top-level-storage-access': no('one origin only'),
  fileSystem: no('files are read and written by the services'),
  'speaker-selection': no('the machine’s own output'),
};

const allowed = (permission: string): boolean => permissions[permission]?.allowed === true;

/** Answers every way in which a page may ask for something. */
export function answerPermissions(session: Session, onRefused: (what: string) => void): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    if (!allowed(permission)) onRefused(`permission ${permission}: ${permissions[permission]?.why ?? 'unknown to us'}`);
    answer(allowed(permission));
  });
  session.setPermissionCheckHandler((_contents, permission) => allowed(permission));
  session.setDevicePermissionHandler(() => false);
}
