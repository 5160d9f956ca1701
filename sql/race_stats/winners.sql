-- A race whose car was shared by two drivers has two winners.
SELECT races.year, results.raceId, results.resultId, results.driverId, results.fastestLapTime
FROM results
JOIN races USING (raceId)
WHERE results.position = 1
