import { expect, test } from 'vitest';
import { type Diagnostic, formatDiagnostic, hasErrors, sortDiagnostics } from '../../src/job/diagnostic.ts';
import { shownPath, textPlace } from '../../src/job/text-place.ts';

const at = (file: string, line?: number, column?: number, message = 'x'): Diagnostic => ({
  severity: 'warning',
  message,
  place: { file, ...(line && { line }), ...(column && { column }) },
});

test('diagnostics are sorted by file, line and column, and stand once', () => {
  const diagnostics = [
    at('b.sql', 1, 1),
    at('a.yaml', 10, 2),
    at('a.yaml', 9, 30),
    at('a.yaml', 10, 1),
    at('a.yaml', 9, 30),
    at('a.yaml'),
  ];
  expect(sortDiagnostics(diagnostics).map(formatDiagnostic)).toEqual([
    'a.yaml: warning: x',
    'a.yaml:9:30: warning: x',
    'a.yaml:10:1: warning: x',
    'a.yaml:10:2: warning: x',
    'b.sql:1:1: warning: x',
  ]);
  expect(hasErrors(diagnostics)).toBe(false);
});

test('places count lines and columns from 1, whatever ends the lines', () => {
  expect(textPlace('f', 'a\r\nbc\rd\né😀x', 11)).toEqual({ file: 'f', line: 4, column: 4 });
  expect(textPlace('f', '', 0)).toEqual({ file: 'f', line: 1, column: 1 });
});

test('paths are shown relative only inside the working directory', () => {
  expect(shownPath('/a/b/c.sql', '/a')).toBe('b/c.sql');
  expect(shownPath('/a/b/c.sql', '/a/x')).toBe('/a/b/c.sql');
});
