-- One row per race. Of two winners who shared a car the one of the lowest resultId counts, with his own lap or none.
SELECT
  races.year,
  races.source_row,
  races.name AS "Race Name",
  races.round AS "Race Round",
  races.date + coalesce(races.time, TIME '00:00:00') AS "Race Datetime",
  winner.driverId AS "Race Winning driverId",
  winner.fastestLapTime AS "Race Fastest Lap"
FROM races
LEFT JOIN (
  SELECT raceId, driverId, fastestLapTime
  FROM winners
  QUALIFY row_number() OVER (PARTITION BY raceId ORDER BY resultId) = 1
) AS winner USING (raceId)
