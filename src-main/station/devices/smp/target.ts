import { Failure } from '../../../contract/index.ts';
import { printable } from '../transcript.ts';
import { downloadFile } from './file-system.ts';
import type { SmpFilesProfile } from './profile.ts';
import { FILE_GROUP, isBusy, SHELL_GROUP } from './refusal.ts';
import type { SmpUnit } from './unit-line.ts';

/** The command groups of a target, as it lists them (enumeration group 10); null: it has no list, and each command has to be tried. */
export async function listGroups(line: SmpUnit, signal: AbortSignal): Promise<readonly number[] | null> {
  const said = await line.askIfThere('groups', {}, signal);
  return said?.refusal === null ? said.answer.groups : null;
}

/** @throws Failure WRONG_PROTOCOL when the target has no file management; reads only. */
export async function mustHaveFiles(line: SmpUnit, groups: readonly number[] | null, path: string, signal: AbortSignal): Promise<void> {
  let has = groups?.includes(FILE_GROUP);
  if (has === undefined) {
    has = (await line.askIfThere('file-download', { name: path, off: 0 }, signal)) !== null;
  }
  if (!has) throw new Failure('WRONG_PROTOCOL', { path: line.path }, 'the unit speaks SMP, but has no file management group');
}

/** @throws Failure UNVERIFIABLE {item: its identity} when the unit does not tell what the profile takes for its hardware id. */
export async function readHardwareId(
  line: SmpUnit,
  how: SmpFilesProfile['identity'],
  groups: readonly number[] | null,
  signal: AbortSignal,
): Promise<string> {
  const hardwareId = (await idOf(line, how, groups, signal)).trim().toUpperCase();
  if (!/^[0-9A-Z][0-9A-Z._:-]{1,63}$/u.test(hardwareId))
    throw untold(`“${printable(Buffer.from(hardwareId.slice(0, 64)))}” is no hardware id`);
  return hardwareId;
}

/** Board and system, where the unit tells. */
export async function readTargetKind(line: SmpUnit, signal: AbortSignal): Promise<{ readonly model: string; readonly firmware: string }> {
  const model = await osInfo(line, 'i', signal);
  return { model: model === '' ? 'MCUmgr target' : model, firmware: await osInfo(line, 'sr', signal) };
}

const untold = (why: string): Failure => new Failure('UNVERIFIABLE', { item: 'its identity' }, why);

async function idOf(
  line: SmpUnit,
  how: SmpFilesProfile['identity'],
  groups: readonly number[] | null,
  signal: AbortSignal,
): Promise<string> {
  if (how === 'node-name') return osInfo(line, 'n', signal);
  if (how === 'hwinfo') {
    if (groups !== null && !groups.includes(SHELL_GROUP)) throw untold('the unit has no shell management group');
    const said = await line.askIfThere('shell', { argv: ['hwinfo', 'devid'] }, signal);
    if (said !== null && said.refusal !== null && isBusy(said.refusal)) throw new Failure('DEVICE_BUSY');
    const id = said?.refusal === null ? /^ID: 0x([0-9a-f]+)\s*$/imu.exec(said.answer.o)?.[1] : undefined;
    if (id === undefined) throw untold('“hwinfo devid” tells no id');
    return id;
  }
  const content = await downloadFile(line, how.file, signal);
  if (content === null) throw untold(`there is no file ${how.file}`);
  return content.toString('latin1').replace(/[\0\s]+$/u, '');
}

/** Empty where the target has no os information. */
async function osInfo(line: SmpUnit, format: string, signal: AbortSignal): Promise<string> {
  const said = await line.askIfThere('os-info', { format }, signal);
  const text = said?.refusal === null ? said.answer.output.trim() : '';
  return /^[^\p{C}]{0,64}$/u.test(text) ? text : '';
}
