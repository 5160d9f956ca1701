import type { Place } from '../error.ts';
import { type Diagnostic, hasErrors } from './diagnostic.ts';

/** Gathers what is wrong with a job, so that one reading finds every mistake and not just the first. */
export class JobReport {
  readonly diagnostics: Diagnostic[] = [];

  error(place: Place, message: string): void {
    this.diagnostics.push({ severity: 'error', message: oneLine(message), place });
  }

  warning(place: Place, message: string): void {
    this.diagnostics.push({ severity: 'warning', message: oneLine(message), place });
  }

  get failed(): boolean {
    return hasErrors(this.diagnostics);
  }
}

const LONGEST = 400;

/** Values of the user and DuckDB's lists of candidates may be long and have line breaks. */
function oneLine(message: string): string {
  const line = message.replaceAll(/\s*[\r\n]\s*/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
