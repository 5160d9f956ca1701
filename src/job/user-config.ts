import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import type { Prices } from './job.ts';
import { JobReport } from './job-report.ts';
import { configSchema } from './price-file.ts';
import { priceMistake } from './price-mistake.ts';
import { readPrices } from './read-prices.ts';
import { parseYaml } from './yaml-source.ts';

/** What a user has set for all jobs. */
export interface UserConfig {
  readonly prices: Prices;
}

/** `$XDG_CONFIG_HOME/pitwall/config.yaml`, or the same below `~/.config`. */
export function userConfigPath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env.XDG_CONFIG_HOME;
  return join(
    base === undefined || base === '' ? join(homedir(), '.config') : base,
    'pitwall',
    'config.yaml',
  );
}

/** Reads it; without a file nothing is set. @throws PitwallError (`usage`) with the place of the first mistake */
export async function readUserConfig(path = userConfigPath()): Promise<UserConfig> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.trim() === '') return { prices: {} };
  const report = new JobReport();
  const source = parseYaml(path, text, report);
  const [problem] = report.diagnostics;
  if (source === undefined)
    throw new PitwallError('usage', problem?.message ?? 'not valid YAML', { place: problem?.place });
  const parsed = configSchema.safeParse(source.data());
  if (parsed.success) return { prices: readPrices(parsed.data.prices) };
  const { path: at, isKey, message } = priceMistake(parsed.error, source.data());
  const place = isKey ? source.keyPlace(at) : source.place(at);
  throw new PitwallError('usage', message, { place });
}
