/// A statement as far as it is read.
struct UnfinishedStatement {
  /// Where its text begins.
  var start: (offset: Int, location: ScriptLocation)?
  /// Where its first token is; nil while there are only comments.
  var location: ScriptLocation?
  /// Where its last token ends; comments may follow.
  var end = 0
  var keywords: [String] = []
  var keywordsAreComplete = false
  var parentheses = Nesting()
  var routineBody = Nesting()

  /// Whether semicolons within `BEGIN ... END` belong to it: psql's own rule.
  var isRoutine: Bool { SQLGrammar.makesRoutine(keywords) }

  /// How deep, and where the outermost was opened.
  struct Nesting {
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
