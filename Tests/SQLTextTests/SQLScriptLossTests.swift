import SQLText
import TestSupport
import Testing

/// Scripts of random pieces, each with a number in it.
@Suite("Nothing of a script is lost") struct SQLScriptLossTests {
  @Test(arguments: 1...200) func randomPieces(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let pieces = (100..<140).map { number in
      (Self.pieces.randomElement(using: &random) ?? "").replacing("#", with: "\(number)")
    }
    let script = pieces.joined() + String(repeating: ")", count: 40) + String(repeating: " end", count: 80)
    let bytes = Array(script.utf8)
    let statements = SQLScript(bytes).statements

    let isComment = { (piece: String) in piece.hasPrefix("--") || piece.hasPrefix("/*") }
    let sent = statements.flatMap { $0.text.matches(of: /\d+/).map(\.output) }
    let written = pieces.filter { !isComment($0) }.flatMap { $0.matches(of: /\d+/).map(\.output) }
    #expect(written.filter { !sent.contains($0) }.isEmpty, "of \(script)")

    var position = 0
    for statement in statements {
      let range = try #require(bytes[position...].firstRange(of: Array(statement.text.utf8)))
      #expect(statement.location(ofCharacter: 1) == Self.location(of: range.lowerBound, in: bytes))
      #expect(SQLScript(Array(bytes[range])).statements.map(\.text) == [statement.text])
      position = range.upperBound
    }
  }

  private static func location(of offset: Int, in bytes: [UInt8]) -> ScriptLocation {
    let lines = bytes[..<offset].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let column = lines.last.map { String(decoding: $0, as: UTF8.self).unicodeScalars.count } ?? 0
    return ScriptLocation(line: lines.count, column: column + 1)
  }

  private static let pieces = [
    ";", ";", " ; ", " ", "\n", "\r\n", "-- a#;\n", "/* a#; */", "'#;'", " E'\\'#;'", "\"#;\"", " $$#;$$",
    " $d$;$#$d$", "(#",
    ")", "select #", "é #", " #", " $#", ";create function f()", " begin atomic #;", " case #", " end ",
    "+ #",
    ", ",
  ]
}
