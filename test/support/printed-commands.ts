/** The words of a line as a shell parts them, up to a comment, a pipe or a redirection; null where a quote is left open. */
export function shellWords(line: string): string[] | null {
  const words: string[] = [];
  const piece = /\s*(?:((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\|<>;&#]|(?<=\S)#)+)|([|<>;&]|#.*))/uy;
  while (piece.lastIndex < line.trimEnd().length) {
    const match = piece.exec(line);
    if (match === null) return null;
    if (match[1] === undefined) break;
    words.push(
      match[1].replace(
        /'([^']*)'|"([^"]*)"|\\(.)/gu,
        (_, single?: string, double?: string, escaped?: string) => single ?? double ?? escaped ?? '',
      ),
    );
  }
  return words;
}

export interface PrintedCommand {
  readonly line: string;
  /** What follows `birthmark`. */
  readonly words: readonly string[] | null;
}

const starts = [/^(?:\$ |sudo )?birthmark (.+)$/u, /^(?:\$ )?npm run -s birthmark -- (.+)$/u];

/** Every command in the code blocks of a page. */
export function commandsIn(page: string): PrintedCommand[] {
  const blocks = [...page.matchAll(/^ *```[a-z]*\n([\s\S]*?)^ *```/gmu)].flatMap(([, block = '']) => block.split('\n'));
  return blocks.flatMap((line) => {
    const rest = starts.map((start) => start.exec(line.trim())?.[1]).find((one) => one !== undefined);
    // The usage line of the reference is no command.
    return rest === undefined || rest.endsWith('[OPTIONS]') ? [] : [{ line, words: shellWords(rest) }];
  });
}

/** What a device signs is named like a command. */
const noCommand = 'certificate in use';

/** Commands that a text names in passing: `birthmark crl publish`, or in quotation marks. */
export const namedIn = (text: string): string[] =>
  [...text.matchAll(/[`“]birthmark ([a-z][^`”\n]*)[`”]/gu)].map(([, words = '']) => words).filter((words) => !words.startsWith(noCommand));
