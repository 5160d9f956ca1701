const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

export const SIZE_TEXT = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)?$/i;

/** Bytes of a size like `256MB` or `1.5 GiB`, as DuckDB reads them (MB: 1000², MiB: 1024²); `undefined` if it is none. */
export function parseSize(text: string): number | undefined {
  const match = SIZE_TEXT.exec(text.trim());
  return match ? Math.round(Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? 1)) : undefined;
}
