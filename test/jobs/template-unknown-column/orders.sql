SELECT id, shop, day, amount
FROM orders
