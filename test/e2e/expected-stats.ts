export interface Race {
  readonly raceId: number;
  readonly year: number;
  readonly round: number;
  readonly name: string;
  readonly date: string;
  readonly time: string | null;
}

export interface RaceResult {
  readonly resultId: number;
  readonly raceId: number;
  readonly driverId: number;
  readonly position: number | null;
  readonly fastestLapTime: string | null;
}

/** The files that race_stats has to publish, by name, as JSON values: a second implementation, in plain TypeScript. */
export function expectedStats(
  races: readonly Race[],
  results: Iterable<RaceResult>,
): Record<string, unknown[]> {
  const winners = firstWinners(results);
  const files: Record<string, unknown[]> = {};
  for (const race of races) {
    const file = `stats_${race.year}.json`;
    files[file] ??= [];
    files[file].push(raceStats(race, winners.get(race.raceId)));
  }
  return files;
}

/** Of several winners the one of the lowest resultId counts. */
function firstWinners(results: Iterable<RaceResult>): Map<number, RaceResult> {
  const winners = new Map<number, RaceResult>();
  for (const result of results) {
    const known = winners.get(result.raceId);
    if (result.position === 1 && (known === undefined || result.resultId < known.resultId))
      winners.set(result.raceId, result);
  }
  return winners;
}

function raceStats({ name, round, date, time }: Race, winner: RaceResult | undefined): unknown {
  return {
    'Race Name': name,
    'Race Round': round,
    'Race Datetime': `${date}T${time ?? '00:00:00'}.000`,
    'Race Winning driverId': winner?.driverId ?? null,
    'Race Fastest Lap': winner?.fastestLapTime ?? null,
  };
}
