SELECT sum(hash(a.range, b.range)) AS total
FROM range(100000000) AS a, range(100000000) AS b
