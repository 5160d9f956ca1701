-- Seasons whose races and statistics differ in number: each row is a violation.
SELECT year, races.n AS races, stats.n AS stats
FROM (SELECT year, count(*) AS n FROM races GROUP BY year) AS races
FULL JOIN (SELECT year, count(*) AS n FROM stats GROUP BY year) AS stats USING (year)
WHERE races.n IS DISTINCT FROM stats.n
