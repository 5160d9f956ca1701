-- The season stands in both folders: joined by it, a task's races meet its results alone.
SELECT
  races.year,
  races.raceId,
  races.name AS "Race Name",
  races.round AS "Race Round",
  races.date + coalesce(races.time, TIME '00:00:00') AS "Race Datetime",
  winner.driverId AS "Race Winning driverId",
  winner.fastestLapTime AS "Race Fastest Lap"
FROM races
LEFT JOIN (
  SELECT year, raceId, driverId, fastestLapTime
  FROM results
  WHERE position = 1
  QUALIFY row_number() OVER (PARTITION BY year, raceId ORDER BY resultId) = 1
) AS winner USING (year, raceId)
