SELECT id, shop, day, amount
FROM orders
WHERE day >= $since
