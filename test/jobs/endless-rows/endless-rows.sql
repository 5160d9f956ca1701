SELECT range AS id, range % 3 AS part
FROM range(1000000000000)
