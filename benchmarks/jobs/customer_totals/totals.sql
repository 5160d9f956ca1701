-- bit_xor depends on no order, so every plan gives the same; each name and note takes part in it.
SELECT
  bucket,
  count(*) AS customers,
  sum(orders)::BIGINT AS orders,
  sum(spent)::BIGINT AS spent,
  bit_xor(hash(name, last_note))::VARCHAR AS names
FROM (
  SELECT bucket, customer, name, sum(orders) AS orders, sum(spent) AS spent, max(last_note) AS last_note
  FROM spending
  JOIN named USING (bucket, customer)
  GROUP BY bucket, customer, name
)
GROUP BY bucket
