-- Of a slice of the orders, so a customer may come again from another slice. No max(note): DuckDB keeps the texts of
-- such an aggregate outside the memory that it is given.
SELECT
  customer % 32 AS bucket,
  customer,
  count(*) AS orders,
  sum(amount)::BIGINT AS spent,
  bit_xor(hash(note)) AS notes
FROM orders
GROUP BY customer
