/// Why a script is not run, and where.
public struct SQLScriptError: Error, Sendable, Hashable {
  /// What can be left open at the end of a script.
  public enum Opening: Sendable, Hashable {
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
  public enum Reason: Sendable, Hashable {
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
  public let reason: Reason
  /// Where it is.
  public let location: ScriptLocation

  /// An error at a place.
  public init(_ reason: Reason, at location: ScriptLocation) {
    self.reason = reason
    self.location = location
  }
}

extension SQLScriptError.Reason {
  /// One sentence without a full stop.
  public var message: String {
    switch self {
    case .unterminated(let opening): "\(opening.name) is opened here and never closed"
    case .nulByte: "a zero byte, which PostgreSQL does not take"
    case .invalidUTF8: "the text is not UTF-8 from here on"
    case .metaCommand(let command): "\(command) is a command of psql, not SQL"
    case .transactionControl(let keywords):
      "\(keywords) is not allowed: tenantctl opens and ends the transaction"
    case .oldStrings:
      "standard_conforming_strings must stay on: without it every string is read in another way"
    case .copyStream(let keywords): "\(keywords) is not allowed: there is no stream to copy through"
    }
  }

  /// What to do about it.
  public var hint: String {
    switch self {
    case .unterminated(.routineBody):
      "add the missing END; a routine that is named begin or case needs double quotes"
    case .unterminated(let opening): "add the closing \(opening.closing)"
    case .nulByte: "save the file as UTF-8; a file in UTF-16 has zero bytes"
    case .invalidUTF8: "save the file as UTF-8"
    case .metaCommand(#"\restrict"#), .metaCommand(#"\unrestrict"#):
      #"remove the \restrict and \unrestrict lines that pg_dump wrote"#
    case .metaCommand: "remove it, or write what it does in SQL"
    case .transactionControl:
      "remove it; what cannot run in a transaction goes in a file with '-- migrate:up transaction:false'"
    case .oldStrings: "remove it, and write strings with backslash escapes as E'...'"
    case .copyStream: "write the rows as INSERT statements (pg_dump --inserts does)"
    }
  }
}

extension SQLScriptError.Opening {
  fileprivate var name: String {
    switch self {
    case .quote: "a string (')"
    case .doubleQuote: "a quoted identifier (\")"
    case .dollarQuote(let tag): "a dollar-quoted string (\(tag))"
    case .blockComment: "a comment (/*)"
    case .parenthesis: "a parenthesis"
    case .routineBody: "a routine's body (BEGIN)"
    }
  }

  fileprivate var closing: String {
    switch self {
    case .quote: "'"
    case .doubleQuote: "\""
    case .dollarQuote(let tag): tag
    case .blockComment: "*/"
    case .parenthesis: ")"
    case .routineBody: "END"
    }
  }
}
