import SQLText
import Testing

@Suite struct PasswordTests {
  @Test(arguments: [
    ("ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD '***'"),
    (
      "create user a with encrypted password  E'it\\'s' login;",
      "create user a with encrypted password  E'***'s' login;"
    ),
    ("ALTER ROLE a PASSWORD 'it''s' VALID UNTIL 'x'", "ALTER ROLE a PASSWORD '***' VALID UNTIL 'x'"),
    (
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password 'c')",
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password '***')"
    ),
    ("ALTER ROLE a PASSWORD\n$$secret$$; SELECT 'y'", "ALTER ROLE a PASSWORD\n'***'; SELECT 'y'"),
    // What is cut off at the end of a line.
    ("ALTER ROLE a PASSWORD 'very lo", "ALTER ROLE a PASSWORD '***'"),
    ("ALTER ROLE a PASSWORD NULL", "ALTER ROLE a PASSWORD NULL"),
    ("SELECT password, 'x' FROM users", "SELECT password, 'x' FROM users"),
    ("SELECT 'no password' AS \"password\", 'x'", "SELECT 'no password' AS \"password\", 'x'"),
  ]) func areNotShown(statement: String, shown: String) { #expect(withoutPasswords(statement) == shown) }
}
