SELECT id, shop, day, amount
FROM orders;
SELECT 1
