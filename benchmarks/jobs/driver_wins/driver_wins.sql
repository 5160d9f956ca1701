SELECT
  driverId,
  count(*) AS races,
  count(*) FILTER (position = 1) AS wins,
  max(raceId) AS last_race
FROM results
GROUP BY driverId
