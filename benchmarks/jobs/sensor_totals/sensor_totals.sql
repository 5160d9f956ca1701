SELECT sensor, hour, count(*) AS readings, sum(value) AS total
FROM readings
GROUP BY sensor, hour
