extension SQLWords {
  /// Texts that could be the name of an object with its schema, as arguments of a function: `audit.watch('other.tanks')`.
  /// Whether there is such an object is not told by the statement. Those of ``schemaQualifiedNames`` are left out.
  package var namesInArguments: [SchemaQualifiedName] {
    words.indices.compactMap { index in
      let word = words[index]
      guard word.isString, isArgument(index), let text = QuotedText(word) else { return nil }
      let parts = SQLWords(text).words
      guard parts.count == 3, parts[0].isName, parts[1].text == ".", parts[2].isName else { return nil }
      return SchemaQualifiedName(
        schema: parts[0].name, name: parts[2].name, role: .used, offset: word.offset)
    }
  }

  /// What stands before the parentheses around a word.
  func callee(around index: Int) -> Word? {
    var depth = 0
    let opening = words[..<index].lastIndex { word in
      if word.text == ")" { depth += 1 }
      if word.text == "(" { depth -= 1 }
      return depth < 0
    }
    return opening.flatMap { $0 > 0 ? words[$0 - 1] : nil }
  }

  /// Whether it stands between the parentheses of a call, by itself.
  private func isArgument(_ index: Int) -> Bool {
    guard index > 1, ["(", ",", ">"].contains(words[index - 1].text) else { return false }
    guard let function = callee(around: index), function.isName else { return false }
    // The name of a setting has a point, too.
    return function.isQuoted
      || !SQLGrammar.beforeExpressions.contains(function.text)
        && !SQLGrammar.takesNames.contains(function.text)
        && !["CURRENT_SETTING", "SET_CONFIG"].contains(function.text)
  }
}
