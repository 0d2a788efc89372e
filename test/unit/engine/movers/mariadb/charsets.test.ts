import { charsetName, charsetsIn } from "../../../../../engine/movers/mariadb/charsets";

test.each([
  ["utf8", "utf8mb3"],
  ["utf8_general_ci", "utf8mb3_general_ci"],
  ["utf8_bin", "utf8mb3_bin"],
  ["utf8_general_mysql500_ci", "utf8mb3_general_mysql500_ci"],
  ["UTF8_general_ci", "utf8mb3_general_ci"],
  ["utf8mb3_general_ci", "utf8mb3_general_ci"],
  ["utf8mb3_uca1400_ai_ci", "utf8mb3_uca1400_ai_ci"],
  ["utf8mb4", "utf8mb4"],
  ["utf8mb4_general_ci", "utf8mb4_general_ci"],
  ["latin1_swedish_ci", "latin1_swedish_ci"],
  ["binary", "binary"],
])("%s is %s", (name, expected) => {
  expect(charsetName(name)).toBe(expected);
});

test.each([
  ["concat(`a`,_utf8'x')", "concat(`a`,_utf8mb3'x')"],
  ["select convert('x' using utf8) AS `x`", "select convert('x' using utf8mb3) AS `x`"],
  ["'y' collate utf8_bin", "'y' collate utf8mb3_bin"],
  [
    "varchar(5) CHARSET utf8 COLLATE utf8_general_ci",
    "varchar(5) CHARSET utf8mb3 COLLATE utf8mb3_general_ci",
  ],
  ["_utf8mb4'x' collate utf8mb4_bin", "_utf8mb4'x' collate utf8mb4_bin"],
  ["`utf8`.`utf8_name` = 'utf8' or \"it's utf8\"", "`utf8`.`utf8_name` = 'utf8' or \"it's utf8\""],
  ["'it''s utf8 \\' utf8',_utf8'\\\\'", "'it''s utf8 \\' utf8',_utf8mb3'\\\\'"],
  ["my_utf8 + utf8x", "my_utf8 + utf8x"],
])("%s reads %s", (sql, expected) => {
  expect(charsetsIn(sql)).toBe(expected);
});
