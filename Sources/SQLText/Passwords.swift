/// A statement, or a part of one, for people to read: with asterisks for the passwords of roles and of user mappings
/// (`PASSWORD 'x'`; PostgreSQL manual, "CREATE ROLE" and "CREATE USER MAPPING"), and for those of connection strings
/// (`password=x` and `postgresql://user:x@host`; 34.1.1 "Connection Strings").
package func withoutPasswords(_ statement: String) -> String {
  let mayHaveURL = statement.contains("://") && statement.contains("@")
  if !mayHaveURL, !ASCII.contains("password", in: statement) { return statement }
  // A part may end within the string.
  let escaped = /(\bpassword\s+E)'(?:[^'\\]|''|\\.)*(?:'|\\?$)/.ignoresCase().dotMatchesNewlines()
  let literal = /(\bpassword\s+(?:U&)?)(?:'(?:[^']|'')*(?:'|$)|(\$\w*\$).*?(?:\2|$))/
    .ignoresCase().dotMatchesNewlines()
  let parameter = /(\bpassword\s*=\s*)(?:''(?:[^']|'''')*(?:''|$)|'(?:[^']|'')*(?:'|$)|[^\s'"();,&]+)/
    .ignoresCase().dotMatchesNewlines()
  // A user's name may have an @, too.
  let url = /(\w:\/\/[^\s:\/']*:)[^\s@\/']+@/
  return statement.replacing(escaped) { "\($0.1)'***'" }.replacing(literal) { "\($0.1)'***'" }
    .replacing(parameter) { "\($0.1)***" }.replacing(url) { "\($0.1)***@" }
}
