import type { ProfileFinding } from '../../../contract/index.ts';
import { lintErrors, lintSteps, lintText, patternNames, type LintContext, type Path, type State } from './lint-steps.ts';
import { sections, type ConsoleProfile, type InstallItemSpec, type Section } from './profile.ts';
import type { Step } from './steps.ts';

type Add = (path: Path, level: ProfileFinding['level'], problem: string) => void;

const identity = ['hardwareId', 'model', 'firmware', 'locked', 'provisioned'];
const aboutItem = ['item.name', 'item.length', 'item.digest'];
const broker = ['broker.host', 'broker.port', 'broker.clientId', 'broker.topicBase', 'broker.serverName'];
/** What the station sets before a section, besides the profile’s own variables and what `open` and `identify` set. */
const given: Partial<Record<Section, readonly string[]>> = {
  generateKey: ['commonName'],
  possession: ['challenge', 'challengeBase64'],
  selfTest: ['nonce', 'foreignTopic'],
};
/** What a section is for. */
const yields: Partial<Record<Section, string>> = {
  identify: 'hardwareId',
  generateKey: 'csr',
  possession: 'signature',
  selfTest: 'connected',
};

/** What is wrong with the dialogue of a profile that fits its schema, and what the verdict of its units will lack. */
export function lintConsoleProfile(profile: ConsoleProfile, add: Add): void {
  const report = (path: Path, problem: string): void => {
    add(path, 'error', problem);
  };
  const secrets = new Set(Object.entries(profile.variables).flatMap(([name, value]) => (typeof value === 'string' ? [] : [name])));
  const context: LintContext = { items: new Map(), commonErrors: profile.errors.length > 0, report };
  lintErrors(profile.errors, ['errors'], report);
  profile.unsolicited.forEach((source, index) => patternNames(source, ['unsolicited', index], report));

  const start: State = { known: new Set(Object.keys(profile.variables)), secrets, echo: profile.echo, reachable: true };
  const opened = lintSteps(profile.open ?? [], ['open'], start, context);
  const beforeIdentify = { ...opened, known: new Set([...opened.known]) };
  const identified = lintSteps(profile.identify, ['identify'], beforeIdentify, context);
  const known = new Set([...identified.known, ...identity]);
  mustYield('identify', identified, add);

  const state = (...more: readonly string[]): State => ({
    known: new Set([...known, ...more]),
    secrets: identified.secrets,
    echo: opened.echo,
    reachable: true,
  });
  for (const section of sections) {
    const steps: readonly Step[] | undefined = profile[section];
    if (steps === undefined || section === 'open' || section === 'identify') continue;
    mustYield(section, lintSteps(steps, [section], state(...(given[section] ?? [])), context), add);
  }
  const items = new Map(profile.install.map((item) => [item.item, item]));
  profile.install.forEach((item, index) => {
    lintItem(item, ['install', index], { state, context, items, add });
  });
  if (items.size < profile.install.length) report(['install'], 'two items have the same name');
  lintCapabilities(profile, add);
}

function mustYield(section: Section, after: State, add: Add): void {
  const name = yields[section];
  if (name !== undefined && after.reachable && !after.known.has(name))
    add([section], 'error', `${section} must set ${name} on every way through it`);
}

interface ItemPlace {
  readonly state: (...more: readonly string[]) => State;
  readonly context: LintContext;
  readonly items: ReadonlyMap<string, InstallItemSpec>;
  readonly add: Add;
}

function lintItem(item: InstallItemSpec, path: Path, { state, context, items, add }: ItemPlace): void {
  if (item.source === 'text' && item.text === undefined) add([...path, 'source'], 'error', 'a text item needs its text');
  if (item.text !== undefined && item.source !== 'text') add([...path, 'text'], 'error', 'only an item of source text has one');
  if ((item.source === 'text') !== (item.encoding === 'text'))
    add([...path, item.source === 'text' ? 'source' : 'encoding'], 'error', 'text items have encoding text, and only they');
  if (item.source === 'certificate-chain' && item.encoding === 'der')
    add(
      [...path, 'encoding'],
      'error',
      'a chain is lost in DER, where the unit reads its first certificate alone: use pem, or source certificate',
    );
  lintText(item.text ?? '', [...path, 'text'], state(...broker), context);
  lintSteps(item.write, [...path, 'write'], state(...broker, ...aboutItem), { ...context, items });
  if (!sendsSomething(item.write)) add([...path, 'write'], 'error', 'it writes nothing: there is no send or sendBlob in it');
  if (item.readBack === undefined) {
    add([...path, 'write'], 'warning', `no read-back of ${item.item}: the verdict names the gap (passed without read-back)`);
    return;
  }
  const after = lintSteps(item.readBack.steps, [...path, 'readBack', 'steps'], state(...aboutItem), context);
  lintText(item.readBack.digest, [...path, 'readBack', 'digest'], after, context);
}

const sendsSomething = (steps: readonly Step[]): boolean =>
  steps.some(
    (step) =>
      'send' in step ||
      'sendBlob' in step ||
      ('retry' in step && sendsSomething(step.retry.steps)) ||
      ('if' in step && (sendsSomething(step.then) || sendsSomething(step.else ?? []))),
  );

function lintCapabilities(profile: ConsoleProfile, add: Add): void {
  const keyItem = profile.install.findIndex(({ source }) => source === 'key');
  if (profile.key === 'station' && keyItem < 0) add(['key'], 'error', 'the station makes the key, but no item of install has source key');
  if (profile.key === 'device' && profile.generateKey === undefined)
    add(
      ['key'],
      'error',
      'the unit makes the key, but the profile has no generateKey; write "key": "station" where the station is to make it',
    );
  if (profile.key === 'device' && keyItem >= 0) add(['install', keyItem], 'warning', 'never written: the unit makes its key');
  if (profile.attestation !== undefined && profile.generateKey === undefined)
    add(['attestation'], 'error', 'only a key that the unit makes is attested');
  if (profile.possession === undefined && profile.selfTest === undefined)
    add(
      ['install'],
      'warning',
      'neither possession nor selfTest: that the unit can use its key is proven by its request alone, or not at all',
    );
  else if (profile.selfTest === undefined) add(['possession'], 'warning', 'no selfTest: the unit is not asked to connect to its broker');
  if (profile.lock === undefined) add(['install'], 'warning', 'no lock: the unit can be given another identity by whoever has its line');
}
