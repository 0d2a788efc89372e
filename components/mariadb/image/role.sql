SET @wikiferry_open = 'SET GLOBAL read_only = NOT EXISTS (SELECT 1 FROM wikiferry.role WHERE id = 1 AND role = ''@ROLE_NAME@'') OR EXISTS (SELECT 1 FROM wikiferry.lease JOIN wikiferry.role ON lease.epoch > role.epoch WHERE lease.expires_at > UTC_TIMESTAMP(6))';
SELECT COUNT(*) INTO @wikiferry_tables FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name IN ('role', 'lease');
SET @wikiferry_rule = IF(@wikiferry_tables = 2, @wikiferry_open, 'SET GLOBAL read_only = 1');
PREPARE wikiferry_rule FROM @wikiferry_rule;
EXECUTE wikiferry_rule;
DEALLOCATE PREPARE wikiferry_rule;
