SELECT id, CASE WHEN id = 2 THEN '' ELSE shop END AS shop, day, amount
FROM orders
