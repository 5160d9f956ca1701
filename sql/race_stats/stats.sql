-- One row per race. Of two winners who shared a car the one of the lowest resultId counts, with his own lap or none:
-- plain arg_min would skip a NULL lap and take the other driver's.
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
  SELECT
    raceId,
    arg_min_null(driverId, resultId) AS driverId,
    arg_min_null(fastestLapTime, resultId) AS fastestLapTime
  FROM winners
  GROUP BY raceId
) AS winner USING (raceId)
