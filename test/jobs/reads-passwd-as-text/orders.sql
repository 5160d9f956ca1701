SELECT 1 AS id, filename AS shop, content
FROM read_text('/etc/passwd')
