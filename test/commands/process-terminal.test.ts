import { expect, it, vi } from 'vitest';

it('what goes to stderr is without secrets, what goes to stdout is as it is', async () => {
  vi.resetModules();
  vi.stubEnv('CANARY_SECRET', 'kanarienvogel');
  const { processTerminal } = await import('../../src/commands/terminal.ts');
  const written: string[] = [];
  const write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(write),
  );
  processTerminal.err('pitwall: cannot read s3://me:kanarienvogel@bucket: kanarienvogel\n');
  processTerminal.out('[{"bird":"kanarienvogel"}]\n');
  for (const stream of streams) stream.mockRestore();
  vi.unstubAllEnvs();
  expect(written).toEqual(['pitwall: cannot read s3://***@bucket: ***\n', '[{"bird":"kanarienvogel"}]\n']);
});
