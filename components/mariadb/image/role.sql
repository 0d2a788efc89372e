SET SESSION sql_log_bin = 0, time_zone = '+00:00';
SELECT COUNT(*) INTO @wikiferry_tables FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name IN ('role', 'lease');
SET @wikiferry_end = IF(@wikiferry_tables = 2, 'UPDATE wikiferry.lease SET expires_at = ''2000-01-01'' WHERE id = 1 AND expires_at <= SYSDATE(6) AND expires_at > ''2000-01-01''', 'DO 0');
PREPARE wikiferry_statement FROM @wikiferry_end;
EXECUTE wikiferry_statement;
SET @wikiferry_rule = IF(@wikiferry_tables = 2, 'SET GLOBAL read_only = NOT EXISTS (SELECT 1 FROM wikiferry.role WHERE id = 1 AND role = ''@ROLE_NAME@'') OR EXISTS (SELECT 1 FROM wikiferry.lease l JOIN wikiferry.role r ON l.epoch > r.epoch WHERE l.id = 1 AND r.id = 1 AND l.expires_at > ''2000-01-01'')', 'SET GLOBAL read_only = 1');
PREPARE wikiferry_statement FROM @wikiferry_rule;
EXECUTE wikiferry_statement;
DEALLOCATE PREPARE wikiferry_statement;
