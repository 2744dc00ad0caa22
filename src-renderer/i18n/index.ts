import { en } from './en.ts';

export type MessageKey = keyof typeof en;
/** What another language must bring: every key. A missing one does not compile. */
export type Messages = Readonly<Record<MessageKey, string>>;

type Names<S extends string> = S extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;
type Params<K extends MessageKey> = Readonly<Record<Names<(typeof en)[K]>, string | number>>;
type Args<K extends MessageKey> = [Names<(typeof en)[K]>] extends [never] ? [] : [Params<K>];

const languages = { en } as const satisfies Record<string, Messages>;
const messages: Messages = languages.en;

/** The text for a key with its `{names}` filled in; both are checked at compile time. */
export function t<K extends MessageKey>(key: K, ...args: Args<K>): string {
  const [params] = args as [Readonly<Record<string, string | number>>?];
  const text = messages[key];
  return params === undefined ? text : text.replace(/\{(\w+)\}/gu, (whole, name: string) => String(params[name] ?? whole));
}
