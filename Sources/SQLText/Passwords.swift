/// A statement, or a part of one, for people to read: with asterisks for the passwords of roles and of user mappings
/// (`PASSWORD 'x'`; PostgreSQL manual, "CREATE ROLE" and "CREATE USER MAPPING").
package func withoutPasswords(_ statement: String) -> String {
  if !ASCII.contains("password", in: statement) { return statement }
  // A part may end within the string.
  let password = /(\bpassword\s+(?:E|U&)?)(?:'(?:[^']|'')*(?:'|$)|(\$\w*\$).*?(?:\2|$))/
    .ignoresCase().dotMatchesNewlines()
  return statement.replacing(password) { "\($0.1)'***'" }
}
