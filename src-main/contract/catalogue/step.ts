/**
 * A step may name what it sends a person to, in brackets, so that a test can show that it exists:
 * `[command: crl publish]`, `[screen: Security › Revoke…]`, `[document: docs/tokens.md#PIN]`, `[file: resources/…]`, `[setting: keyMadeBy]`.
 */
const kinds = ['command', 'screen', 'document', 'file', 'setting'] as const;

export interface Mark {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
}

const mark = new RegExp(String.raw`\[(${kinds.join('|')}): ([^\]]+)\]`, 'gu');

/** What a step names. */
export const marksOf = (step: string): readonly Mark[] =>
  [...step.matchAll(mark)].flatMap(([, kind, name = '']) => kinds.filter((one) => one === kind).map((known) => ({ kind: known, name })));

/** The step as a person reads it. */
export const stepText = (step: string): string =>
  step.replace(mark, (_, kind: string, name: string) => {
    if (kind === 'command') return `“birthmark ${name}”`;
    const [path = '', heading] = name.split('#');
    return kind === 'document' && heading !== undefined ? `${path}, “${heading}”` : name;
  });
