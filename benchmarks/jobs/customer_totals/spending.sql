-- Of a slice of the orders, so a customer may come again from another slice.
SELECT customer % 32 AS bucket, customer, count(*) AS orders, sum(amount) AS spent, max(note) AS last_note
FROM orders
GROUP BY customer
