SELECT id, shop
FROM 'data/orders.csv'
