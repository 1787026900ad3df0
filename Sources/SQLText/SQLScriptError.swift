/// Why a script is not run, and where.
package struct SQLScriptError: Error, Sendable, Hashable {
  /// What can be left open at the end of a script.
  package enum Opening: Sendable, Hashable {
    /// `'`, whatever its prefix.
    case quote
    /// `"`.
    case doubleQuote
    /// `$tag$`, with its dollars.
    case dollarQuote(String)
    /// `/*`.
    case blockComment
    /// `(`.
    case parenthesis
    /// `BEGIN`, or `CASE` within it, in the body of a `CREATE FUNCTION` or `CREATE PROCEDURE`.
    case routineBody
  }

  /// What is wrong.
  package enum Reason: Sendable, Hashable {
    /// Opened at this place and never closed.
    case unterminated(Opening)
    /// A zero byte: PostgreSQL takes none in text.
    case nulByte
    /// Bytes that are not UTF-8.
    case invalidUTF8
    /// A backslash outside of quotes, with the word after it.
    case metaCommand(String)
    /// A statement that starts or ends a transaction, by its keywords.
    case transactionControl(String)
    /// A setting with which strings would be read in another way.
    case oldStrings
    /// `COPY` between the server and the client's own stream, by its keywords.
    case copyStream(String)
  }

  /// What is wrong.
  package let reason: Reason
  /// Where it is.
  package let location: ScriptLocation

  /// An error at a place.
  package init(_ reason: Reason, at location: ScriptLocation) {
    self.reason = reason
    self.location = location
  }
}
