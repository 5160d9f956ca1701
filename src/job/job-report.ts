import type { Place } from '../error.ts';
import { type Diagnostic, hasErrors } from './diagnostic.ts';

/** Gathers what is wrong with a job, so that one reading finds every mistake and not just the first. */
export class JobReport {
  readonly diagnostics: Diagnostic[] = [];

  error(place: Place, message: string): void {
    this.diagnostics.push({ severity: 'error', message, place });
  }

  warning(place: Place, message: string): void {
    this.diagnostics.push({ severity: 'warning', message, place });
  }

  get failed(): boolean {
    return hasErrors(this.diagnostics);
  }
}
