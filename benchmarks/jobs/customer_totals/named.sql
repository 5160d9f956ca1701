-- In the same buckets as the orders, so that a task of the next step reads its part of both.
SELECT customer % 32 AS bucket, customer, name FROM customers
