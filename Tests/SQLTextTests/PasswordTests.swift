import SQLText
import Testing

@Suite struct PasswordTests {
  @Test(arguments: [
    ("ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD '***'"),
    (
      "create user a with encrypted password  E'it\\'s' login;",
      "create user a with encrypted password  E'***' login;"
    ),
    ("ALTER ROLE a PASSWORD 'it''s' VALID UNTIL 'x'", "ALTER ROLE a PASSWORD '***' VALID UNTIL 'x'"),
    (
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password 'c')",
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password '***')"
    ),
    ("ALTER ROLE a PASSWORD\n$$secret$$; SELECT 'y'", "ALTER ROLE a PASSWORD\n'***'; SELECT 'y'"),
    ("ALTER ROLE a PASSWORD E'a\\\\' LOGIN; SELECT 'y'", "ALTER ROLE a PASSWORD E'***' LOGIN; SELECT 'y'"),
    (
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=x dbname=d' PUBLICATION p",
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** dbname=d' PUBLICATION p"
    ),
    (
      "ALTER SUBSCRIPTION s CONNECTION 'Password = ''it is x'' host=h'",
      "ALTER SUBSCRIPTION s CONNECTION 'Password = *** host=h'"
    ),
    ("SELECT dblink('host=h password=x', 'SELECT 1')", "SELECT dblink('host=h password=***', 'SELECT 1')"),
    ("CONNECTION 'postgresql://anna:x@h:5433/d'", "CONNECTION 'postgresql://anna:***@h:5433/d'"),
    (
      "CONNECTION 'postgresql://h/d?user=a&password=x&sslmode=require'",
      "CONNECTION 'postgresql://h/d?user=a&password=***&sslmode=require'"
    ),
    ("CONNECTION 'host=h password=very lo", "CONNECTION 'host=h password=*** lo"),
    // What is cut off at the end of a line.
    ("ALTER ROLE a PASSWORD 'very lo", "ALTER ROLE a PASSWORD '***'"),
    ("ALTER ROLE a PASSWORD NULL", "ALTER ROLE a PASSWORD NULL"),
    (
      "COMMENT ON TABLE t IS 'see https://example.com:8080/a by a@b'",
      "COMMENT ON TABLE t IS 'see https://example.com:8080/a by a@b'"
    ),
    ("SELECT password, 'x' FROM users", "SELECT password, 'x' FROM users"),
    ("SELECT 'no password' AS \"password\", 'x'", "SELECT 'no password' AS \"password\", 'x'"),
  ]) func areNotShown(statement: String, shown: String) { #expect(withoutPasswords(statement) == shown) }
}
