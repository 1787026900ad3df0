internal import SQLText

extension SQLScriptError.Reason {
  /// One sentence without a full stop.
  var message: String {
    switch self {
    case .unterminated(let opening): "\(opening.name) is not closed"
    case .nulByte: "a zero byte, which PostgreSQL does not accept"
    case .invalidUTF8: "the text is not valid UTF-8 from here on"
    case .metaCommand(let command): "\(command) is a psql command, not SQL"
    case .transactionControl(let keywords):
      "\(keywords) is not allowed: tenantctl begins and commits the transaction"
    case .oldStrings:
      "standard_conforming_strings must stay on: without it strings are read differently"
    case .copyStream(let keywords): "\(keywords) is not allowed: tenantctl has no stream for it"
    }
  }

  /// What to do about it.
  var hint: String {
    switch self {
    case .unterminated(.routineBody):
      "add the missing END; a routine named begin or case needs double quotes"
    case .unterminated(let opening): "add the closing \(opening.closing)"
    case .nulByte: "save the file as UTF-8; a file in UTF-16 has zero bytes"
    case .invalidUTF8: "save the file as UTF-8"
    case .metaCommand(#"\restrict"#), .metaCommand(#"\unrestrict"#):
      #"remove the \restrict and \unrestrict lines that pg_dump wrote"#
    case .metaCommand: "remove it, or write what it does in SQL"
    case .transactionControl:
      "remove it; statements that cannot run in a transaction need a file with '-- migrate:up transaction:false'"
    case .oldStrings: "remove it, and write strings with backslash escapes as E'...'"
    case .copyStream(let keywords) where keywords.hasPrefix("COPY TO"):
      "use SELECT: 'tenantctl exec --format csv' prints its rows as CSV"
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
