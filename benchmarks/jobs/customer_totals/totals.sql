-- bit_xor depends on no order, so every plan gives the same; each name and note takes part in it.
SELECT
  bucket,
  count(*) AS customers,
  sum(orders)::BIGINT AS orders,
  sum(spent)::BIGINT AS spent,
  bit_xor(hash(name, notes))::VARCHAR AS names
FROM (
  SELECT bucket, customer, name, sum(orders) AS orders, sum(spent) AS spent, bit_xor(notes) AS notes
  FROM spending
  JOIN named USING (bucket, customer)
  GROUP BY bucket, customer, name
)
GROUP BY bucket
