SELECT id, shop, day, amount
FROM orders
WHEER id > 1
