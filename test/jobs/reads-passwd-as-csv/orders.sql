SELECT 1 AS id, 'Rome' AS shop, line
FROM read_csv('/etc/passwd', columns = {'line': 'VARCHAR'}, header = false)
