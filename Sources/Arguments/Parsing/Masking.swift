/// The word in quotes, with the password of a URI or of a `key=value` connection string replaced: messages
/// end up in logs.
func masked(_ word: String) -> String {
  "'\(maskingKeyValue(maskingURI(word)))'"
}

private func maskingURI(_ word: String) -> String {
  guard let scheme = word.firstRange(of: "://") else { return word }
  let authority = word[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
  guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
    return word
  }
  return word.replacingCharacters(in: word.index(after: colon)..<at)
}

private func maskingKeyValue(_ word: String) -> String {
  guard let key = word.firstRange(of: "password=") else { return word }
  let value = word[key.upperBound...].prefix { $0 != " " && $0 != "&" }
  return word.replacingCharacters(in: value.startIndex..<value.endIndex)
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>) -> String {
    self[..<range.lowerBound] + "***" + self[range.upperBound...]
  }
}
