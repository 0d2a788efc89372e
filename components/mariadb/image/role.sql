SET @wikiferry_open = 'SET GLOBAL read_only = NOT EXISTS (SELECT 1 FROM wikiferry.role WHERE id = 1 AND role = ''@ROLE_NAME@'')';
SELECT COUNT(*) INTO @wikiferry_tables FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name = 'role';
SET @wikiferry_rule = IF(@wikiferry_tables = 1, @wikiferry_open, 'SET GLOBAL read_only = 1');
PREPARE wikiferry_rule FROM @wikiferry_rule;
EXECUTE wikiferry_rule;
DEALLOCATE PREPARE wikiferry_rule;
