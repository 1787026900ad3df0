/// The candidates that a mistyped word may stand for, nearest first, at most three. One that shares no letter with the word is
/// another word, however short both are.
public func suggestions(for word: String, among candidates: [String]) -> [String] {
  let reach = max(1, word.count / 3)
  return
    candidates
    .map { (name: $0, distance: editDistance(word, $0)) }
    .filter { $0.distance <= reach && $0.distance < word.count || word.count > 1 && $0.name.hasPrefix(word) }
    .enumerated()
    .sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
    .prefix(3)
    .map(\.element.name)
}

/// Damerau-Levenshtein distance in its restricted form: inserted, deleted, replaced and swapped letters.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a)
  let b = Array(b)
  var twoAbove: [Int] = []
  var above = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, twoAbove[j - 1] + 1) }
      row.append(distance)
    }
    (twoAbove, above) = (above, row)
  }
  return above[b.count]
}
