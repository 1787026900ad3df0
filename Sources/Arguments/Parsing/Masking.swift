/// The word in quotes, without the password of a URI, of `user:password@host` or of a `key=value` connection string: messages end up
/// in logs.
///
/// Where a URI is malformed, it hides too much rather than too little.
func masked(_ word: String) -> String {
  let masked =
    word
    .replacing(#/((?:://|^)[^:/?]*:)(?!\/\/).*@/#) { "\($0.1)***@" }
    .replacing(#/(password\s*=\s*)('(?:[^'\\]|\\.)*'?|[^\s&]*)/#.ignoresCase()) { "\($0.1)***" }
  return "'\(masked)'"
}
