SELECT id, shop, day,
  price
FROM orders
