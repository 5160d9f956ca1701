-- A prime as factor spreads neighbours over all files.
SELECT (id * 7919) % $files AS file, id, note FROM events
