-- A prime as factor spreads neighbours over all files.
SELECT (id * 7919) % $files AS part, id, note FROM events
