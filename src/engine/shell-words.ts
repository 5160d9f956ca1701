import { PitwallError } from '../error.ts';

/** A text as one word of a POSIX shell. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02 */
export function quoteShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A part of a word: in single quotes, in double quotes, escaped, or plain. */
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/suy;

/**
 * The words of a text, as a shell divides and unquotes them; it expands nothing.
 *
 * @throws PitwallError (`usage`) for a quote that is not closed
 */
export function splitShell(option: string, text: string): string[] {
  const words: string[] = [];
  let place = 0;
  while (place < text.length) {
    place += /^\s*/.exec(text.slice(place))?.[0].length ?? 0;
    if (place === text.length) break;
    const [word, end] = readWord(option, text, place);
    words.push(word);
    place = end;
  }
  return words;
}

function readWord(option: string, text: string, start: number): [word: string, end: number] {
  let word = '';
  let place = start;
  while (place < text.length && !/\s/.test(text[place] ?? '')) {
    PART.lastIndex = place;
    const part = PART.exec(text);
    if (part === null) throw new PitwallError('usage', `${option}: a quote is not closed in ${text}`);
    const [all, single, double, escaped, plain] = part;
    word += single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '';
    place += all.length;
  }
  return [word, place];
}
