/// A statement as far as it is read.
package struct UnfinishedStatement {
  /// Where its text begins.
  package var start: (offset: Int, location: ScriptLocation)?
  /// Where its first token is; nil while there are only comments.
  package var location: ScriptLocation?
  /// Where its last token ends; comments may follow.
  package var end = 0
  package var keywords: [String] = []
  package var keywordsAreComplete = false
  package var parentheses = Nesting()
  package var routineBody = Nesting()

  /// Whether semicolons within `BEGIN ... END` belong to it: psql's own rule.
  package var isRoutine: Bool { SQLGrammar.makesRoutine(keywords) }

  /// How deep, and where the outermost was opened.
  package struct Nesting {
    private(set) var depth = 0
    private(set) var opened = 0

    mutating func open(at offset: Int) {
      if depth == 0 { opened = offset }
      depth += 1
    }

    mutating func close() {
      depth = max(depth - 1, 0)
    }
  }
}
