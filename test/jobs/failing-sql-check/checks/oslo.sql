SELECT id, shop
FROM orders
WHERE shop = 'Oslo'
